/** Identities: the directory, the names of accounts, and how the account is sent to the origin server. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { askedOfTickets } from '../../config/ticket-rules.ts'
import { ownChainOf } from '../../config/tls-pair.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Clock, Surroundings } from '../clock.ts'
import { type AccountNames, accountNames } from '../identity/account-key.ts'
import { AssertionIdentity } from '../identity/assertion-identity.ts'
import { headerIdentity, type IdentityOut, noIdentity } from '../identity/identity-out.ts'
import { kerberosIdentity } from '../identity/kerberos-identity.ts'
import type { Directory, KerberosSettings } from '../kerberos/directory.ts'
import type { KdcSeen } from '../kerberos/kdc/kdc-state.ts'
import type { AttemptStore } from '../limits/attempt-store.ts'
import type { Changes } from '../store/changes.ts'

export interface Identity {
  readonly directory: Directory | undefined
  readonly accountNames: AccountNames
  /** One spelling per account; the principal if there is a directory. */
  readonly accountKey: AccountKeyOf
  readonly identityOut: IdentityOut
}

export interface IdentityNeeds {
  readonly publicUrl: URL
  readonly attempts: AttemptStore
  readonly changes: Changes
  readonly log: Logger
  readonly onKdc: (seen: KdcSeen) => void
}

/** Everything opened is put on `opened` and closed with it. */
export async function openIdentity(
  config: Pick<Config, 'account' | 'groups' | 'kerberos' | 'listener' | 'secondFactor' | 'upstream'>,
  needs: IdentityNeeds,
  surroundings: Surroundings,
  opened: AsyncDisposableStack,
): Promise<Identity> {
  const directory = config.kerberos && (await openDirectoryOf(config.kerberos, config, needs, surroundings, opened))
  const { origin: issuer } = needs.publicUrl
  const identityOut = await createIdentity(config.upstream.identity, issuer, directory, surroundings.now)
  needs.changes.subscribe(change => {
    if (change.kind === 'account') identityOut.forget(change.account)
  })
  const names = accountNames(directory, config)
  return { directory, accountNames: names, accountKey: names.keyOf, identityOut }
}

/** Loaded on demand: a configuration without Kerberos does not need it. */
async function openDirectoryOf(
  settings: KerberosSettings,
  config: Pick<Config, 'groups' | 'listener' | 'secondFactor'>,
  { publicUrl, attempts, log, onKdc }: IdentityNeeds,
  surroundings: Surroundings,
  opened: AsyncDisposableStack,
): Promise<Directory> {
  const { openDirectory } = await import('../kerberos/directory.ts')
  return opened.use(
    openDirectory(settings, publicUrl.hostname, {
      ...{ ...surroundings, attempts, question: askedOfTickets(config) },
      certificate: config.listener.tls && ownChainOf(config.listener.tls)[0],
      onCircuit: (state, realm) =>
        log.warn({ 'event.action': 'kdc-circuit', 'torhaus.circuit': state, 'torhaus.realm': realm }),
      onKdc,
    }),
  )
}

async function createIdentity(
  { kind, assertion, header, kerberos }: Config['upstream']['identity'],
  issuer: string,
  directory: Directory | undefined,
  now: Clock,
): Promise<IdentityOut> {
  if (kind === 'kerberos' && kerberos !== undefined && directory !== undefined)
    return kerberosIdentity(directory, kerberos)
  if (kind === 'assertion' && assertion !== undefined) return AssertionIdentity.create({ ...assertion, issuer }, now)
  return kind === 'header' ? headerIdentity(header.field) : noIdentity
}
