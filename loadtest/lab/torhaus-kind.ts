/** How Torhaus is set up for a scenario: who may come in how, and how an account leaves. */
import { DEVOPS_SPN, PROXY_SPN } from '../../devkit/realm/lab-accounts.ts'
import type { torhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { USUAL_SIZE } from '../measure/population.ts'
import type { Surroundings } from '../subject.ts'
import type { Realm } from './realm.ts'
import { type LabRedis, REDIS_PREFIX } from './store.ts'
import type { LabTls } from './tls.ts'

const ticketIsEnough = {
  name: 'first-factor',
  reason: 'load tests measure tickets alone',
  when: { schemes: ['negotiate'] },
  require: 'first-factor',
}

/**
 * - `assertion`: sessions, tokens and passes through; the account leaves as a signed assertion
 * - `one-worker`, `two-workers`: as `assertion`, by so many processes
 * - `negotiate`: as `assertion`, and Kerberos tickets
 * - `impersonating`: the account leaves by constrained delegation, a token in each request
 * - `authenticating-connections`: likewise, a token on each connection
 */
export type TorhausKind =
  | 'assertion'
  | 'one-worker'
  | 'two-workers'
  | 'negotiate'
  | 'impersonating'
  | 'authenticating-connections'

/** Connections to the origin server belong to one account each. */
const PEOPLE_AND_ROOM = USUAL_SIZE.principals + 1000

/** People ask again within seconds; here others have their turns meanwhile. */
const BETWEEN_TURNS_MS = 3_600_000

/** So that no turn has the KDC asked anew for everybody of a sudden, as only a load test could have it. */
const RECHECK_SECONDS = 3600

type PlainConfiguration = ReturnType<typeof torhausConfig>
/** Whatever its store is. */
type Configuration = Omit<PlainConfiguration, 'session'>

type Around = Pick<Surroundings, 'realm' | 'redis' | 'tls'>

/** @throws where the kind needs a realm and there is none. */
export function configurationOf(kind: TorhausKind, plain: PlainConfiguration, { realm, redis, tls }: Around): object {
  const stored: Configuration = redis === undefined ? plain : withRedis(plain, redis)
  const usual = tls === undefined ? stored : withTls(stored, tls)
  if (kind === 'assertion') return usual
  if (kind === 'one-worker' || kind === 'two-workers')
    return { ...usual, listener: { ...usual.listener, workers: kind === 'one-worker' ? 1 : 2 } }
  if (realm === undefined) throw new Error(`a Torhaus that is ${kind} needs a realm`)
  const withKerberos = { ...usual, kerberos: kerberosSection(realm) }
  if (kind === 'negotiate') {
    return {
      ...withKerberos,
      secondFactor: { ...usual.secondFactor, rules: [ticketIsEnough] },
      credentials: { ...usual.credentials, offer: ['Bearer', 'Basic', 'Negotiate'] },
    }
  }
  const authenticatesConnections = kind === 'authenticating-connections'
  const identity = { kind: 'kerberos', kerberos: { targetPrincipal: DEVOPS_SPN, authenticatesConnections } }
  const connections = { maxConnections: PEOPLE_AND_ROOM, keepAliveTimeoutMs: BETWEEN_TURNS_MS }
  return { ...withKerberos, upstream: { ...usual.upstream, identity, ...connections } }
}

const withRedis = (plain: PlainConfiguration, { url }: LabRedis) => ({
  ...plain,
  session: { ...plain.session, store: { kind: 'redis', redis: { urls: [url], keyPrefix: REDIS_PREFIX } } },
})

function withTls(plain: Configuration, { certificateFile, privateKeyFile, caFile, isToOrigin }: LabTls) {
  return {
    ...plain,
    publicUrl: plain.publicUrl.replace(/^http:/, 'https:'),
    listener: { ...plain.listener, tls: { certificateFile, privateKeyFile } },
    upstream: { ...plain.upstream, ...(isToOrigin && { tls: { caFile } }) },
  }
}

const kerberosSection = ({ kdc }: Realm) => ({
  realm: kdc.realm,
  netbiosDomain: 'CORP',
  keytabFile: kdc.keytabs.proxy,
  servicePrincipal: 'svc-proxy',
  // The public URL names an address, so that no resolver is needed.
  acceptPrincipal: PROXY_SPN,
  kdcs: [kdc.kdc],
  recheckSeconds: RECHECK_SECONDS,
})
