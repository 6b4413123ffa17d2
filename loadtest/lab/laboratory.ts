/**
 * Everything around the subjects of one run: directory, OP, origin server, KDC where one is needed; and the subjects
 * themselves.
 */
import { chmod } from 'node:fs/promises'
import { temporaryFolder } from '../../devkit/demo/temporary-folder.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { labPackages } from '../peer-table.ts'
import type { Subject, SubjectStarter, Surroundings } from '../subject.ts'
import { startIdentityProvider } from './identity-provider.ts'
import { keepAwake } from './keep-awake.ts'
import { startOrigin } from './origin.ts'
import { startRealm } from './realm.ts'
import { type StoreKind, startLabRedis } from './store.ts'
import { createLabTls, type TlsSides } from './tls.ts'

export interface Laboratory extends AsyncDisposable, Surroundings {
  /** Starts a subject, which is stopped with the laboratory. */
  start(starter: SubjectStarter): Promise<Subject>
}

export interface LaboratoryOptions {
  /** Debian packages beside those of the laboratory itself. */
  readonly packages?: readonly string[]
  /** With a directory. */
  readonly realm?: {
    /** Of the directory (devkit/realm/lab-accounts.ts), and of the OP. */
    readonly user: string
    /** So many further accounts of the directory. */
    readonly crowd: number
  }
  /** Default: `sqlite`. */
  readonly store?: StoreKind
  /** Default: `none`. */
  readonly tls?: TlsSides
  /** For figures of CPU time and latency: see `keepAwake`. Not where the time that is left unused is measured. */
  readonly isAwake?: boolean
}

/** Disposing stops everything in order and removes every file, as does the end of this process. */
export async function openLaboratory({
  packages = [],
  realm,
  store = 'sqlite',
  tls: sides = 'none',
  isAwake = false,
}: LaboratoryOptions): Promise<Laboratory> {
  await ensureDebianPackages([
    ...new Set([...labPackages, ...packages, ...(store === 'redis' ? ['redis-server'] : [])]),
  ])
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-load-')
  undo.defer(remove)
  // Workers of Apache run as another user and must find their certificate; secrets have modes of their own.
  await chmod(directory, 0o711)

  if (isAwake) undo.use(await keepAwake())
  const directoryRealm = realm && (await startRealm(directory, realm.user, realm.crowd))
  undo.defer(() => directoryRealm?.stop())
  const redis = store === 'redis' ? await startLabRedis() : undefined
  undo.defer(() => redis?.close())
  const tls = createLabTls(directory, sides)
  const identityProvider = await startIdentityProvider(directory, realm && [realm.user], tls?.ca)
  undo.defer(() => identityProvider.stop())
  const origin = await startOrigin(directory, tls)
  undo.defer(() => origin.stop())

  const surroundings: Surroundings = { directory, origin, identityProvider, realm: directoryRealm, redis, tls }
  const kept = undo.move()
  return {
    ...surroundings,
    async start(starter) {
      const subject = await starter(surroundings)
      kept.defer(() => subject.server?.stop())
      return subject
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
