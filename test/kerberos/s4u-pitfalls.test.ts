/** What goes wrong with S4U, at Samba's KDC. The numbers are those of the list of pitfalls. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { parseKdc } from '../../config/kdc-address.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { canonicalPrincipal, type UserPrincipalName } from '../../src/kerberos/canonical-principal.ts'
import { namesInEvidence } from '../../src/kerberos/evidence-names.ts'
import { createImpersonation } from '../../src/kerberos/impersonation.ts'
import type { Impersonation } from '../../src/kerberos/impersonation-cache.ts'
import type { HeldTicket } from '../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { KdcRefusal } from '../../src/kerberos/kdc/kdc-refusal.ts'
import type { RealmPools } from '../../src/kerberos/kdc/realm-pools.ts'
import { createTicketGranting } from '../../src/kerberos/kdc/ticket-granting.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import type { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { DerReader } from '../../src/kerberos/protocol/der-reader.ts'
import { field, generalString, sequence } from '../../src/kerberos/protocol/der-writer.ts'
import { writeChecksum } from '../../src/kerberos/protocol/encrypted-data.ts'
import { PA } from '../../src/kerberos/protocol/kdc-request.ts'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import {
  NAME_TYPE,
  nameOf,
  ticketGrantingService,
  writePrincipalName,
} from '../../src/kerberos/protocol/principal-name.ts'
import { readTicket } from '../../src/kerberos/protocol/ticket.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { createUpnResolver } from '../../src/kerberos/upns.ts'
import { system } from '../../src/system.ts'

const REALM = 'CORP.TEST'
const ACCOUNT = `svc-proxy@${REALM}`
const DEVOPS = 'HTTP/devops.corp.test'
const alice = nameOf('alice', NAME_TYPE.principal)
const devops = nameOf(DEVOPS, NAME_TYPE.serviceInstance)
const principal = (name: string) => canonicalPrincipal(name, { realm: REALM })

const opened = new DisposableStack()
let kdc: SambaKdc
let client: KdcClient
let pools: RealmPools
let tgt: HeldTicket

before(async () => {
  kdc = await startSambaKdc({ accounts: [{ name: 'expired2', password: 'expired2-Passw0rd' }] })
  await kdc.sambaTool('user', 'setpassword', 'expired2', '--newpassword=Fresh-Passw0rd', '--must-change-at-next-login')
  const address = parseKdc(kdc.kdc)
  assert(address)
  const locator = configuredKdcs([address])
  pools = new Map([[REALM, createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })]])
  client = createKdcClient({ pools, realm: REALM, now: system.now })
  const { entries } = readKeytab(readFileSync(kdc.keytabs.proxy))
  const own = entries.find(({ name, key }) => name.components[0] === 'svc-proxy' && key.enctype.number === 18)
  tgt = await client.signIn(nameOf('svc-proxy', NAME_TYPE.principal), async () => own?.key.copy() ?? assert.fail())
})
after(async () => {
  opened.dispose()
  await kdc?.close()
})

function impersonation(through = client): Impersonation {
  const keytab = opened.use(new KeytabFile(kdc.keytabs.proxy))
  const asking = { client: through, gate: createKdcGate(system), keytab, principal: ACCOUNT, now: system.now }
  const service = opened.use(createServiceCredential(asking))
  return opened.use(createImpersonation({ ...asking, service, directory: { realm: REALM } }))
}

describe('S4U2self', () => {
  it('that comes back in our own name, as from a KDC without S4U, is nobody’s ticket (pitfall 37)', async () => {
    // What such a KDC does: it overlooks whom the ticket is for.
    const plain = createTicketGranting(pools, REALM, system.now)
    const withoutS4u: KdcClient = { ...client, s4u2self: from => plain.ask(from, { service: from.client }) }
    const own = await withoutS4u.s4u2self(tgt, alice)
    assert.equal(namesInEvidence(own, readKeytab(readFileSync(kdc.keytabs.proxy)).entries).account, ACCOUNT)
    await assert.rejects(impersonation(withoutS4u).initiate(principal('alice'), DEVOPS), { code: 'identity-mismatch' })
  })

  it('with a TGT that the KDC does not open any more, as after a change of its own key, gets another one', async () => {
    const asked: string[] = []
    const changed: KdcClient = {
      ...client,
      signIn: (...args) => {
        asked.push('sign-in')
        return client.signIn(...args)
      },
      s4u2self: (...args) => {
        asked.push('s4u2self')
        return asked.length === 2 ? Promise.reject(new KdcRefusal(31)) : client.s4u2self(...args)
      },
    }
    assert((await impersonation(changed).initiate(principal('alice'), DEVOPS)).length > 500)
    assert.deepEqual(asked, ['sign-in', 's4u2self', 'sign-in', 's4u2self'])
  })

  it('whose evidence the KDC opens no more, as after a change of our password, is asked for anew with the same TGT', async () => {
    const people = ['alice', 'bob']
    const asked = { signIn: 0, s4u2self: 0 }
    const ofOldKey = new Set<HeldTicket>()
    const changed: KdcClient = {
      ...client,
      signIn: (...args) => {
        asked.signIn++
        return client.signIn(...args)
      },
      s4u2self: async (...args) => {
        asked.s4u2self++
        const evidence = await client.s4u2self(...args)
        if (ofOldKey.size < people.length) ofOldKey.add(evidence)
        return evidence
      },
      // What Samba says then.
      s4u2proxy: (own, evidence, service) =>
        ofOldKey.has(evidence) ? Promise.reject(new KdcRefusal(31)) : client.s4u2proxy(own, evidence, service),
    }
    const through = impersonation(changed)
    await Promise.all(people.map(name => through.initiate(principal(name), DEVOPS)))
    assert.deepEqual(asked, { signIn: 1, s4u2self: 2 * people.length })
  })

  it('whose evidence and TGT the KDC opens no more, as after a change of its own key, is asked for anew with a new TGT', async () => {
    let ofOldKey: HeldTicket | undefined
    const changed: KdcClient = {
      ...client,
      s4u2self: (own, ...rest) =>
        own === ofOldKey ? Promise.reject(new KdcRefusal(31)) : client.s4u2self(own, ...rest),
      s4u2proxy(own, ...rest) {
        ofOldKey ??= own
        return own === ofOldKey ? Promise.reject(new KdcRefusal(31)) : client.s4u2proxy(own, ...rest)
      },
    }
    assert((await impersonation(changed).initiate(principal('alice'), DEVOPS)).length > 500)
  })

  it('that waits its turn while our TGT is replaced goes on with the new one', async () => {
    const gate = createKdcGate({ ...system, maxConcurrent: 1 })
    const keytab = opened.use(new KeytabFile(kdc.keytabs.proxy))
    const asking = { client, gate, keytab, principal: ACCOUNT, now: system.now, directory: { realm: REALM } }
    const service = opened.use(createServiceCredential(asking))
    const own = await service.current()
    const upns = createUpnResolver({ ...asking, service, directory: { realm: REALM, upnSuffixes: ['other.example'] } })
    const through = opened.use(createImpersonation({ ...asking, service }))
    const busy = Promise.withResolvers<void>()
    const running = gate.run(() => busy.promise)
    const waiting = [
      through.initiate(principal('alice'), DEVOPS).then(token => token.length > 500),
      upns.resolve('nobody@other.example' as UserPrincipalName).catch((error: KerberosError) => error.code),
    ]
    while (gate.load().queued < 2) await setImmediate()
    service.invalidate(own)
    busy.resolve()
    await running
    assert.deepEqual(await Promise.all(waiting), [true, 'client-unknown'])
  })

  it('for a name that is not signed with our key is refused by the KDC (pitfall 38)', async () => {
    const forged = (type: number, octets: Buffer) => () => [
      {
        type: PA.forUser,
        value: sequence(
          ...[field(0, writePrincipalName(alice)), field(1, generalString(REALM))],
          ...[field(2, writeChecksum(type, octets)), field(3, generalString('Kerberos'))],
        ),
      },
    ]
    const granting = createTicketGranting(pools, REALM, system.now)
    // CRC32 and MD5 need no key; the HMAC that is wanted, of nothing.
    for (const [type, size] of [
      [1, 4],
      [7, 16],
      [-138, 16],
    ] as const) {
      const padata = forged(type, Buffer.alloc(size))
      await assert.rejects(granting.ask(tgt, { service: tgt.client, padata }), { name: 'KdcRefusal' }, `${type}`)
    }
  })

  it('succeeds for somebody whose password has expired: who may travel is not said by that (pitfall 43)', async () => {
    assert((await impersonation().initiate(principal('expired2'), DEVOPS)).length > 500)
  })
})

describe('S4U2proxy', () => {
  it('with evidence of which a bit was changed is refused by the KDC (pitfall 40)', async () => {
    const evidence = await client.s4u2self(tgt, alice)
    for (const fromEnd of [20, 60, 200]) {
      const octets = Buffer.from(evidence.ticket.octets)
      const at = octets.length - fromEnd
      octets[at] = (octets[at] ?? 0) ^ 0x40
      const changed = { ...evidence, ticket: readTicket(new DerReader(octets)) }
      await assert.rejects(client.s4u2proxy(tgt, changed, devops), { errorCode: 31 })
    }
  })

  it('to the KDC itself is refused: nobody’s TGT is had that way (pitfall 41)', async () => {
    const evidence = await client.s4u2self(tgt, alice)
    await assert.rejects(client.s4u2proxy(tgt, evidence, ticketGrantingService(REALM)), (error: object) => {
      assert('errorCode' in error && [12, 13].includes(Number(error.errorCode)), `${error}`)
      return true
    })
  })

  it('is asked for anew with new evidence, and for each account: a ticket is kept for both alone (pitfall 42)', async () => {
    const own = impersonation()
    await own.initiate(principal('alice'), DEVOPS)
    const asked = async (ask: () => Promise<unknown>) => {
      const { tgs } = kdc.requests()
      await ask()
      return kdc.requests().tgs - tgs
    }
    assert.equal(await asked(() => own.initiate(principal('ALICE'), DEVOPS)), 0)
    assert.equal(await asked(() => own.initiate(principal('bob'), DEVOPS)), 2)
    own.purge(principal('alice'))
    assert.equal(await asked(() => own.initiate(principal('alice'), DEVOPS)), 2)
    assert.equal(await asked(() => own.initiate(principal('bob'), DEVOPS)), 0)
  })
})
