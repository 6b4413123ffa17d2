/** MIT's KDC with OpenLDAP: constrained delegation, two KDCs on one database, and people of a realm it trusts. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { startKdcRelay } from '../../devkit/realm/kdc-relay.ts'
import { canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import { createImpersonation } from '../../src/kerberos/impersonation.ts'
import type { HeldTicket } from '../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool, type KdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { createTicketGranting } from '../../src/kerberos/kdc/ticket-granting.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { openWith } from '../../src/kerberos/open-with.ts'
import { KDC_OPTION } from '../../src/kerberos/protocol/kdc-request.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { forUser, s4uX509User } from '../../src/kerberos/protocol/s4u-padata.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'
import { HOME, PARTNER, startTwoRealms, type TwoRealms } from './two-realms.ts'

const SPN = 'HTTP/proxy.corp.test'
const DEVOPS = 'HTTP/devops.corp.test'
const BUILDS = 'HTTP/builds.corp.test'
const proxy = nameOf(SPN, NAME_TYPE.serviceHost)
const devops = nameOf(DEVOPS, NAME_TYPE.serviceInstance)
const named = (name: string) => nameOf(name, NAME_TYPE.principal)

let realms: TwoRealms
let keytab: KeytabFile
let client: KdcClient
let pools: ReadonlyMap<string, KdcPool>
let tgt: HeldTicket

const poolOf = (...kdcs: readonly string[]): KdcPool => {
  const locator = configuredKdcs(kdcs.map(parseKdc).filter(address => address !== undefined))
  return createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })
}

before(async () => {
  realms = await startTwoRealms({
    services: [SPN, DEVOPS, BUILDS, 'HTTP/elsewhere.corp.test'],
    users: { alice: 'alice-Passw0rd' },
    partnerUsers: { ada: 'ada-Passw0rd' },
    ldap: true,
  })
  await realms.home.kadmin(`modprinc +ok_to_auth_as_delegate ${SPN}`)
  await realms.home.allowDelegation(SPN, DEVOPS)
  await realms.home.allowDelegation(SPN, BUILDS)
  pools = new Map([
    [HOME, poolOf(realms.home.kdc)],
    [PARTNER, poolOf(realms.partner.kdc)],
  ])
  client = createKdcClient({ pools, realm: HOME, now: system.now })
  keytab = new KeytabFile(realms.home.keytab)
  tgt = await signIn(client)
})
after(async () => {
  keytab?.[Symbol.dispose]()
  await realms?.close()
})

const signIn = (by: KdcClient) =>
  by.signIn(proxy, async () => keytab.keysOf(`${SPN}@${HOME}`)[0]?.key.copy() ?? assert.fail('no key'))

/** Whom the origin server sees, with its own key. */
function seenBy(service: string, ticket: HeldTicket): string {
  const { opened } = openWith(keytab.ringOf([`${service}@${HOME}`]), ticket.ticket) ?? assert.fail('does not open')
  return `${opened.client.components.join('/')}@${opened.clientRealm}`
}

describe("constrained delegation by MIT's KDC", () => {
  it('takes a person to the service of the list, and to no other', async () => {
    const evidence = await client.s4u2self(tgt, named('alice'))
    assert.equal(seenBy(DEVOPS, await client.s4u2proxy(tgt, evidence, devops)), `alice@${HOME}`)
    const elsewhere = nameOf('HTTP/elsewhere.corp.test', NAME_TYPE.serviceInstance)
    await assert.rejects(client.s4u2proxy(tgt, evidence, elsewhere), { errorCode: 13 })
  })

  it('takes a person of a trusted realm there, too, by S4U2self through both realms', async () => {
    const granting = createTicketGranting(pools, HOME, system.now)
    const user = named('ada')
    const evidence = await granting.ask(await granting.tgtFor(PARTNER, tgt), {
      ...{ service: proxy, options: KDC_OPTION.forwardable | KDC_OPTION.canonicalize },
      padata: ({ sessionKey }, nonce) => [
        forUser(user, PARTNER, sessionKey),
        s4uX509User({ user, realm: PARTNER, nonce }, sessionKey),
      ],
    })
    assert.equal(seenBy(DEVOPS, await client.s4u2proxy(tgt, evidence, devops)), `ada@${PARTNER}`)
  })
})

describe('evidence from before a new key of ours', () => {
  it('is let go of, and asked for anew, though the KDC says no more than that something went wrong (60)', async () => {
    const keyed = { client, gate: createKdcGate(system), keytab, principal: `${SPN}@${HOME}`, now: system.now }
    using service = createServiceCredential(keyed)
    const names = { realm: HOME }
    using impersonation = createImpersonation({ ...keyed, service, directory: names })
    const alice = canonicalPrincipal('alice', names)
    await impersonation.initiate(alice, `${DEVOPS}@${HOME}`)
    const evidence = await client.s4u2self(tgt, named('alice'))
    await realms.home.kadmin(`ktadd -k ${realms.home.keytab} ${SPN}`)
    await assert.rejects(client.s4u2proxy(tgt, evidence, devops), { errorCode: 60 })
    const before = impersonation.counters().impersonations
    await impersonation.initiate(alice, `${BUILDS}@${HOME}`)
    assert.equal(impersonation.counters().impersonations, before + 1)
  })
})

describe('where an answer is lost', () => {
  it('the question, put once more, is answered by the KDC that has seen it', async () => {
    const { host, port } = parseKdc(realms.home.kdc) ?? assert.fail()
    await using undo = new AsyncDisposableStack()
    const relay = await startKdcRelay({ address: '127.0.0.1', kdcAddress: host, kdcPort: port })
    undo.defer(() => relay.close())
    const by = createKdcClient({
      pools: new Map([[HOME, poolOf(`127.0.0.1:${relay.port}`)]]),
      realm: HOME,
      now: system.now,
    })
    relay.mode = 'lose-answer'
    assert.equal(seenBy(DEVOPS, await by.serviceTicket(tgt, devops)), `${SPN}@${HOME}`)
    assert.deepEqual(relay.requests(), { as: 0, tgs: 2 })
  })
})

describe('of two KDCs on one database', () => {
  it('the other goes on with what the first has begun, once that is gone', async () => {
    const second = await realms.home.second()
    const both = createKdcClient({
      pools: new Map([[HOME, poolOf(second.kdc, realms.home.kdc)]]),
      realm: HOME,
      now: system.now,
    })
    const own = await signIn(both)
    const evidence = await both.s4u2self(own, named('alice'))
    await second.stop()
    assert.equal(seenBy(DEVOPS, await both.s4u2proxy(own, evidence, devops)), `alice@${HOME}`)
  })
})
