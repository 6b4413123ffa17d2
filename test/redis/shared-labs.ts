/**
 * Torhaus, once or several times, on one Redis: each with an OP and an origin of its own, as on machines of their own.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'

export interface SharedLabs {
  readonly labs: readonly GrantsLab[]
  close(): Promise<void>
}

/**
 * `redis`: options of session.store.redis. The key of the sessions is the same for all; `key` is that of labs that were
 * there before, as after a restart.
 */
export async function startSharedLabs(
  count: number,
  redis: object,
  {
    session = {},
    rest = {},
    key = randomBytes(32),
  }: { readonly session?: object; readonly rest?: object; readonly key?: Buffer } = {},
): Promise<SharedLabs> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-shared-'))
  const keyFile = join(directory, 'session-key')
  await writeFile(keyFile, key.toString('base64'), { mode: 0o600 })
  const labs: GrantsLab[] = []
  const close = async () => {
    await Promise.all(labs.map(lab => lab.close()))
    await rm(directory, { recursive: true, force: true })
  }
  // Their addresses and OPs differ, as those of one company would not.
  const all = { sharedAs: 'labs', ...session, encryptionKeyFiles: [keyFile], store: { kind: 'redis', redis } }
  try {
    while (labs.length < count) labs.push(await startGrantsLab({}, { ...rest, session: all }))
  } catch (error) {
    await close()
    throw error
  }
  return { labs, close }
}
