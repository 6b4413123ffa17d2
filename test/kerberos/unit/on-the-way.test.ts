/**
 * Somebody between us and the KDC, who answers in its place: they have an account of their own, so they know one
 * password, and they have seen tickets, but they know no other key.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { forgedKeytab, forgedTicket, sessionKey } from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { namesInEvidence } from '../../../src/kerberos/evidence-names.ts'
import type { HeldTicket } from '../../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient, type KdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { LeasedTicket } from '../../../src/kerberos/leased-ticket.ts'
import { createPasswordVerifier } from '../../../src/kerberos/password.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import { stringToKey } from '../../../src/kerberos/protocol/string-to-key.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'
import type { Renewing } from '../../../src/kerberos/renewing.ts'
import { createServiceCredential, type ServiceCredential } from '../../../src/kerberos/service-credential.ts'
import { system } from '../../../src/system.ts'
import { asReply, proofWanted, refusal, tgsReply } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const SPN = 'HTTP/proxy.corp.test'
const nowMs = Math.floor(Date.now() / 1000) * 1000
const HOUR_MS = 3_600_000
const names = { realm: REALM }
const alice = canonicalPrincipal('alice', names)
const CHOSEN = 'chosen-by-somebody'
const tgtKey = new EncryptionKey(18, Buffer.alloc(32, 3))
const otherKey = new EncryptionKey(18, Buffer.alloc(32, 5))

let folder: string
let keytab: KeytabFile
let chosenKey: EncryptionKey

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'torhaus-on-the-way-'))
  writeFileSync(join(folder, 'keytab'), forgedKeytab())
  keytab = new KeytabFile(join(folder, 'keytab'))
  chosenKey = await stringToKey(18, Buffer.from(CHOSEN), Buffer.from(`${REALM}alice`))
})
after(() => {
  keytab[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

const clientOf = (answer: (request: Buffer) => Buffer): KdcClient => {
  const pool: KdcPool = { ask: async (request, read) => read(answer(request)), states: () => [] }
  return createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs })
}

describe('a password', () => {
  /** What they answer: their own session key and end, and a ticket that they have seen. */
  const check = (ticket: Buffer, { key = otherKey, endMs = nowMs + HOUR_MS } = {}) => {
    const client = clientOf(request =>
      request[0] === 0x6a
        ? asReply(request, { key: chosenKey, sessionKey: tgtKey, nowMs })
        : tgsReply(request, { key: tgtKey, sessionKey: key, ticket, nowMs, endMs, client: 'alice' }),
    )
    const gate = createKdcGate(system)
    const verifier = createPasswordVerifier({
      ...{ client, gate, keytab, servicePrincipal: `${SPN}@${REALM}`, directory: names },
    })
    return verifier.verify(alice, CHOSEN)
  }

  it('is not right because of a ticket of that person that was seen before', async () => {
    await assert.rejects(check(forgedTicket({ nowMs })), { code: 'kdc-not-genuine' })
    await check(forgedTicket({ nowMs }), { key: sessionKey })
  })

  it('is not right because of an old ticket either, whose owner knows the key in it', async () => {
    const ended = forgedTicket({ nowMs, startMs: nowMs - 20 * HOUR_MS, endMs: nowMs - 10 * HOUR_MS })
    await assert.rejects(check(ended, { key: sessionKey }), { code: 'kdc-not-genuine' })
  })
})

describe('armour for passwords (FAST), once our own account has heard of it', () => {
  const ownKey = new EncryptionKey(18, Buffer.alloc(32, 11))
  const account = nameOf('svc-proxy', NAME_TYPE.principal)
  const TIMESTAMP = Buffer.from('a103020102', 'hex')
  const sent: Buffer[] = []
  let answer: (request: Buffer) => Buffer
  const newClient = () => {
    sent.length = 0
    return clientOf(request => {
      sent.push(request)
      return answer(request)
    })
  }
  const ownTicket = (client: KdcClient, offersArmour: boolean) => {
    answer = request => asReply(request, { key: ownKey, sessionKey: tgtKey, nowMs, offersArmour })
    return client.signIn(account, async () => ownKey.copy())
  }
  const person = (client: KdcClient, armouring: HeldTicket) =>
    client.signIn(nameOf('alice', NAME_TYPE.principal), async () => chosenKey.copy(), { realm: REALM, armouring })
  const withoutOffer = () => proofWanted(`${REALM}alice`, nowMs)

  it('is not given up for what somebody signs with a password of their own (RFC 6806 11)', async () => {
    const client = newClient()
    const own = await ownTicket(client, true)
    answer = request => asReply(request, { key: chosenKey, sessionKey: tgtKey, nowMs, offersArmour: false })
    await person(client, own)
    answer = withoutOffer
    await assert.rejects(person(client, own), { code: 'integrity' })
    assert.equal(sent.filter(request => request.includes(TIMESTAMP)).length, 0)
  })

  it('is given up where the KDC says so under the key of our own account', async () => {
    const client = newClient()
    await ownTicket(client, true)
    const own = await ownTicket(client, false)
    let asked = 0
    answer = request =>
      asked++ === 0
        ? withoutOffer()
        : asReply(request, { key: chosenKey, sessionKey: tgtKey, nowMs, offersArmour: false })
    await person(client, own)
    assert.equal(sent.filter(request => request.includes(TIMESTAMP)).length, 1)
  })

  it('is not gone without where somebody keeps our own ticket from us: then no password is proven', async () => {
    const client = newClient()
    const gate = createKdcGate(system)
    const [name, now] = ['svc-proxy', () => nowMs]
    const place = join(folder, 'own-keytab')
    writeFileSync(place, madeKeytab({ principal: `${name}@${REALM}` }))
    using own = new KeytabFile(place)
    using service = createServiceCredential({ client, gate, keytab: own, principal: `${name}@${REALM}`, now })
    const verifier = createPasswordVerifier({
      ...{ client, gate, keytab, servicePrincipal: `${SPN}@${REALM}`, directory: names, service },
    })
    // To our own account that its key is wrong, to people that a timestamp is wanted.
    answer = request => (request.includes(Buffer.from(name)) ? refusal(24, nowMs) : withoutOffer())
    await assert.rejects(verifier.verify(alice, CHOSEN), { code: 'service-credential-refused' })
    assert.equal(sent.filter(request => request.includes(TIMESTAMP)).length, 0)
  })
})

describe('our own ticket, by which passwords are armoured', () => {
  const client = clientOf(request =>
    request[0] === 0x6a
      ? asReply(request, { key: chosenKey, sessionKey: tgtKey, nowMs, offersArmour: false })
      : tgsReply(request, {
          ...{ key: tgtKey, sessionKey, ticket: forgedTicket({ nowMs }), nowMs, endMs: nowMs + HOUR_MS },
          client: 'alice',
        }),
  )
  const verifierWith = (
    service: Pick<Renewing<LeasedTicket>, 'current' | 'held'>,
    trustedRealms: { realm: string }[],
  ) =>
    createPasswordVerifier({
      ...{
        client,
        gate: createKdcGate(system),
        trustedGates: new Map([['PARTNER.TEST', createKdcGate(system)]]),
        keytab,
      },
      ...{ servicePrincipal: `${SPN}@${REALM}`, directory: { ...names, trustedRealms } },
      service: { hasKey: () => true, ...service } as ServiceCredential,
    })

  it('is got anew where it was let go of while a password waited for its turn', async () => {
    const own = await client.signIn(nameOf('alice', NAME_TYPE.principal), async () => chosenKey.copy())
    const leased = new LeasedTicket(own)
    let got = 0
    const current = async () => {
      got++
      return leased
    }
    await verifierWith({ current, held: () => (got === 1 ? undefined : leased) }, []).verify(alice, CHOSEN)
    assert.equal(got, 2)
  })

  it('is not asked for where the password is of another realm, which it does not armour', async () => {
    const trustedRealms = [{ realm: 'PARTNER.TEST' }]
    const ada = canonicalPrincipal('ada@PARTNER.TEST', { ...names, trustedRealms })
    const missing = async () => {
      throw new Error('there is none')
    }
    const outcomes: string[] = []
    const verifier = verifierWith({ current: missing, held: () => undefined }, trustedRealms)
    await assert.rejects(
      verifier.verify(ada, CHOSEN, outcome => outcomes.push(outcome)),
      { name: 'KerberosError' },
    )
    assert.deepEqual(outcomes, ['undecided'])
  })
})

describe('our own account, with a key that is not the newest', () => {
  it('signs in once in a while, not for each request, and at once with another keytab', async () => {
    let asked = 0
    const client = clientOf(() => {
      asked++
      return refusal(24, nowMs)
    })
    const place = join(folder, 'stale-keytab')
    writeFileSync(place, madeKeytab({ principal: `svc-proxy@${REALM}` }))
    using own = new KeytabFile(place)
    let atMs = nowMs
    const asking = { client, gate: createKdcGate(system), keytab: own, principal: `svc-proxy@${REALM}` }
    using service = createServiceCredential({ ...asking, now: () => atMs })
    const refused = async () => {
      for (let round = 0; round < 5; round++)
        await assert.rejects(service.current(), { code: 'service-credential-refused' })
      return asked
    }
    assert.equal(await refused(), 1)
    atMs += 30_000
    assert.equal(await refused(), 2)
    writeFileSync(place, madeKeytab({ principal: `svc-proxy@${REALM}` }, { principal: 'another@CORP.TEST' }))
    assert.equal(await refused(), 3)
    atMs -= 3_600_000
    assert.equal(await refused(), 4, 'the clock was set back')
  })
})

describe('an evidence ticket', () => {
  const evidence = (key: EncryptionKey): HeldTicket => ({
    ticket: readTicket(new DerReader(forgedTicket({ nowMs }))),
    client: nameOf('alice', NAME_TYPE.principal),
    ...{ sessionKey: key, clientRealm: REALM, flags: 0, endTimeMs: nowMs + HOUR_MS },
  })

  it('under a key that is newer than the keytab is no fault of the KDC', () => {
    const keys = keytab.keysOf(`${SPN}@${REALM}`)
    const ticketOf = (kvno: number) => readTicket(new DerReader(forgedTicket({ nowMs, ticketKey: otherKey, kvno })))
    assert.throws(() => namesInEvidence({ ...evidence(sessionKey), ticket: ticketOf(301) }, keys), {
      code: 'service-credential-refused',
    })
    assert.throws(() => namesInEvidence({ ...evidence(sessionKey), ticket: ticketOf(300) }, keys), {
      code: 'integrity',
    })
  })

  it('that was seen before is not taken for the answer to a new question', () => {
    const keys = keytab.keysOf(`${SPN}@${REALM}`)
    assert.equal(namesInEvidence(evidence(sessionKey), keys).account, `alice@${REALM}`)
    assert.throws(() => namesInEvidence(evidence(otherKey), keys), { code: 'integrity' })
  })
})
