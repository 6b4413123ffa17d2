/**
 * What a start and the first delegated request need of keytab and KDC, tried one after the other, in words for the
 * operator.
 *
 *   keytab --> KDC answers --> we sign in --> ticket for our own SPN, which a key of the keytab opens
 *                                        +--> ticket for the server's SPN
 *                                        +--> ticket for ourselves in the name of a user --> for the server, in that name
 *                                        +--> each trusted realm: its KDCs answer --> a ticket for it, which they take
 */
import { readFileSync } from 'node:fs'
import { inRealm, kerberosPrincipals } from '../../config/kerberos-principals.ts'
import { EXPORT_ANEW, lackOfKey } from '../../config/keytab-entries.ts'
import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import {
  type CanonicalPrincipal,
  canonicalPrincipal,
  type DirectoryNames,
  directoryNames,
  partsOfPrincipal,
  userPrincipalName,
} from './canonical-principal.ts'
import { attempt, type DirectoryProblem, directoryProblem } from './directory-problem.ts'
import { namesInEvidence } from './evidence-names.ts'
import { examineTheirKdcs, examineTrust } from './examine-trust.ts'
import type { HeldTicket } from './kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from './kdc/kdc-client.ts'
import { createKdcPool } from './kdc/kdc-pool.ts'
import { principalOrNone } from './kerberos-error.ts'
import { KeyRing } from './key-ring.ts'
import { openWith } from './open-with.ts'
import { type KeytabEntry, principalOf, readKeytab } from './protocol/keytab.ts'
import { NAME_TYPE, nameIn, nameOf } from './protocol/principal-name.ts'
import { TICKET_FLAG } from './protocol/ticket.ts'
import { realmLocator } from './realm-locator.ts'

export interface DirectoryQuestion {
  readonly settings: NonNullable<Config['kerberos']>
  /** Of publicUrl. */
  readonly publicHost: string
  /** SPN of the origin server, where Torhaus delegates to it. */
  readonly target: string | undefined
  /** In whose name it is tried; by default in that of the service account. */
  readonly account: string | undefined
}

type Moment = Pick<Surroundings, 'now' | 'monotonic' | 'environment'>

/** Stops at the first problem without which the rest cannot be tried. */
export async function examineDirectory(question: DirectoryQuestion, moment: Moment): Promise<DirectoryProblem[]> {
  const { settings, publicHost, target } = question
  const { realm } = settings
  const { accept, aliases, service } = kerberosPrincipals(settings, publicHost)
  const octets = readFileSync(settings.keytabFile)
  const { entries } = readKeytab(octets)
  const keysOf = (principal: string) => entries.filter(entry => principalOf(entry) === principal)
  const lacks = [accept, ...aliases, service].flatMap(principal => lackOfKey(octets, principal) ?? [])
  if (lacks.length > 0) return lacks.map(lack => noKey(lack, settings.keytabFile))

  const { monotonic, environment } = moment
  const poolOf = (ofRealm: string, kdcs: readonly string[]) =>
    createKdcPool({
      locator: realmLocator(ofRealm, kdcs, { ...settings, environment }, monotonic),
      timeoutMs: settings.kdcTimeoutMs,
      monotonic,
    })
  const pools = new Map([settings, ...settings.trustedRealms].map(of => [of.realm, poolOf(of.realm, of.kdcs)]))
  const client = createKdcClient({ pools, realm, now: moment.now })
  using held = new DisposableStack()
  const keep = (ticket: HeldTicket) => {
    held.use(ticket.sessionKey)
    return ticket
  }
  const tgt = await attempt(() => signIn(client, service, keysOf(service)).then(keep))
  if ('code' in tgt) return [directoryProblem('sign-in', tgt, service)]
  const problems: DirectoryProblem[] = []
  for (const name of [accept, ...aliases.filter(alias => !alias.includes('*'))]) {
    const own = await attempt(() => client.serviceTicket(tgt, serviceName(name)).then(keep))
    if ('code' in own) problems.push(directoryProblem('own-name', own, name))
    else if (opens(keysOf(name), own) === undefined) problems.push(olderKeytab(name, keysOf(name), own))
  }
  if (target !== undefined) {
    const asking = { client, keep, tgt, keys: keysOf(service) }
    problems.push(...(await delegationProblems(asking, question, inRealm(target, realm))))
  }
  for (const { realm: trusted } of settings.trustedRealms) {
    const trust = { pools, home: realm, trusted, now: moment.now }
    const found = await examineTheirKdcs(trust, tgt)
    problems.push(...found, ...(found.length > 0 || target === undefined ? [] : await examineTrust(trust, tgt)))
  }
  return problems
}

interface Asking {
  readonly client: KdcClient
  readonly keep: (ticket: HeldTicket) => HeldTicket
  readonly tgt: HeldTicket
  /** Of our account. */
  readonly keys: readonly KeytabEntry[]
}

async function delegationProblems(
  { client, keep, tgt, keys }: Asking,
  { settings, account = settings.servicePrincipal }: DirectoryQuestion,
  target: string,
): Promise<DirectoryProblem[]> {
  const { realm } = settings
  const names = directoryNames(settings)
  const service = await attempt(() => client.serviceTicket(tgt, serviceName(target)).then(keep))
  if ('code' in service) return [directoryProblem('target-name', service, target)]
  const [upn, principal] = [userPrincipalName(account, names), principalIn(account, names)]
  if (upn === undefined && principal === undefined) return [unknownRealm(account)]
  const user = upn ?? principal ?? account
  const name = upn === undefined ? principalName(user) : nameOf(upn, NAME_TYPE.enterprise)
  const userRealm = upn === undefined && principal !== undefined ? partsOfPrincipal(principal).realm : realm
  const evidence = await attempt(() => client.s4u2self(tgt, name, userRealm).then(keep))
  if ('code' in evidence) return [directoryProblem('protocol-transition', evidence, user)]
  const refused = evidenceProblem(evidence, keys, { upn, user, names })
  if (refused !== undefined) return [refused]
  // MS-SFU 3.2.5.1.2: without the right to delegate by protocol transition the ticket may not be passed on.
  if ((evidence.flags & TICKET_FLAG.forwardable) === 0)
    return [directoryProblem('not-forwardable', { code: undefined, words: 'not forwardable' }, user)]
  const proxied = await attempt(() => client.s4u2proxy(tgt, evidence, serviceName(target)).then(keep))
  return 'code' in proxied ? [directoryProblem('delegation', proxied, target)] : []
}

/** What Torhaus itself refuses, though the KDC does not. */
function evidenceProblem(
  evidence: HeldTicket,
  keys: readonly KeytabEntry[],
  { upn, user, names }: { readonly upn: string | undefined; readonly user: string; readonly names: DirectoryNames },
): DirectoryProblem | undefined {
  try {
    const said = namesInEvidence(evidence, keys)
    const isAsked = upn === undefined ? isAccount(said.account, user, names) : said.upn?.toLowerCase() === upn
    if (!isAsked) return directoryProblem('other-account', { code: undefined, words: `it is ${said.account}` }, user)
    if (said.protection === undefined) return undefined
    return directoryProblem('protected', { code: undefined, words: said.protection }, user)
  } catch (error) {
    return directoryProblem('protocol-transition', { code: undefined, words: (error as Error).message }, user)
  }
}

const isAccount = (account: string, user: string, names: DirectoryNames): boolean =>
  principalIn(account, names) === user

const principalIn = (account: string, names: DirectoryNames): CanonicalPrincipal | undefined =>
  principalOrNone(() => canonicalPrincipal(account, names))

const unknownRealm = (account: string): DirectoryProblem => ({
  what: `${account} is not an account of the realm or of one of kerberos.trustedRealms`,
  why: 'it was not checked whether Torhaus may act on behalf of others',
  remedy: 'choose an account with --account, such as alice or alice@REALM',
  ...{ option: 'kerberos.realm', severity: 'error' },
})

function signIn(client: KdcClient, principal: string, keys: readonly KeytabEntry[]): Promise<HeldTicket> {
  return client.signIn(principalName(principal), async infos => {
    const wanted = infos.map(({ etype }) => etype)
    const found = keys.find(({ key }) => wanted.length === 0 || wanted.includes(key.enctype.number))
    if (found !== undefined) return found.key.copy()
    throw new Error(`the KDC requires a key of type ${wanted.join(' or ')}, but the keytab has none for ${principal}`)
  })
}

const opens = (keys: readonly KeytabEntry[], { ticket }: HeldTicket): true | undefined => {
  const found = openWith(new KeyRing(keys), ticket)
  found?.opened.sessionKey[Symbol.dispose]()
  return found === undefined ? undefined : true
}

const principalName = (principal: string) => nameIn(principal, NAME_TYPE.principal)
const serviceName = (principal: string) => nameIn(principal, NAME_TYPE.serviceInstance)

const noKey = (lack: string, fileName: string): DirectoryProblem => ({
  what: `${fileName} ${lack}`,
  why: 'Torhaus does not start, or cannot open any ticket',
  remedy: EXPORT_ANEW,
  ...{ option: 'kerberos.keytabFile', severity: 'error' },
})

function olderKeytab(principal: string, keys: readonly KeytabEntry[], { ticket }: HeldTicket): DirectoryProblem {
  const { kvno, etype } = ticket.encrypted
  const have = keys.map(entry => `kvno ${entry.kvno}, type ${entry.key.enctype.number}`).join('; ')
  return {
    what: `no key for ${principal} in the keytab opens the tickets that the KDC issues (kvno ${kvno}, type ${etype}; the keytab has ${have})`,
    why: 'every Negotiate request is refused, because the keytab is older than the password or belongs to another account',
    remedy: 'export the keytab again; it is reloaded without a restart',
    ...{ option: 'kerberos.keytabFile', severity: 'error' },
  }
}
