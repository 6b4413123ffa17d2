/** Replies to a sign-in (RFC 4120 3.1.5) under the right key, with one thing other than asked. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createKdcClient, type KdcClient, type Person } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import { asReply, proofWanted, type Wrong } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const nowMs = Date.UTC(2026, 5, 1)
const HOUR_MS = 3_600_000
const key = new EncryptionKey(18, Buffer.alloc(32, 3))
const otherKey = new EncryptionKey(18, Buffer.alloc(32, 5))
const name = nameOf('alice', NAME_TYPE.principal)
const other = nameOf('krbtgt/OTHER.TEST', NAME_TYPE.serviceInstance)
/** PA-ENC-TIMESTAMP in a request. */
const TIMESTAMP = Buffer.from('a103020102', 'hex')

interface Client extends KdcClient {
  readonly sent: Buffer[]
  answer: (request: Buffer) => Buffer
}

function clientOf(answer: (request: Buffer) => Buffer): Client {
  const sent: Buffer[] = []
  const pool: KdcPool = {
    async ask(request, read) {
      sent.push(request)
      return read(client.answer(request))
    },
    states: () => [],
  }
  const parts = { pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs }
  const client = Object.assign(createKdcClient(parts), { sent, answer })
  return client
}

const signIn = (client: KdcClient, person: Person = { realm: REALM }) =>
  client.signIn(name, async () => key.copy(), person)
const answering = { key, sessionKey: otherKey, nowMs }

/** At once, or to a proof. */
const WAYS = {
  'without a proof': (wrong: Wrong) => (request: Buffer) => asReply(request, answering, wrong),
  'to a proof': (wrong: Wrong) => (request: Buffer) =>
    request.includes(TIMESTAMP) ? asReply(request, answering, wrong) : proofWanted(`${REALM}alice`, nowMs),
}

for (const [way, answer] of Object.entries(WAYS))
  describe(`a reply to a sign-in ${way}`, () => {
    it('as it should be is taken', async () => {
      assert.deepEqual((await signIn(clientOf(answer({})))).client, name)
    })

    for (const [what, wrong] of Object.entries<Wrong>({
      'another nonce': { nonce: 1 },
      'another realm': { realm: 'OTHER.TEST' },
      'another service': { service: other },
      'a ticket that is called otherwise in clear': { ticketService: other },
      'a start that is yet to come': { startMs: nowMs + HOUR_MS / 2 },
      'an end that is over': { startMs: nowMs - HOUR_MS, endMs: nowMs - HOUR_MS / 2 },
      'an end later than asked for': { endMs: nowMs + 48 * HOUR_MS },
      'another client': { client: nameOf('bob', NAME_TYPE.principal) },
      'a client of another realm': { clientRealm: 'OTHER.TEST' },
    }))
      it(`with ${what} is not believed`, async () => {
        await assert.rejects(signIn(clientOf(answer(wrong))), { name: 'Krb5Error', code: 'mismatch' })
      })
  })

it('a KDC that answers for its realm in other letters is told by that realm, as Samba does for one in small letters', async () => {
  const attempt = signIn(clientOf(WAYS['to a proof']({ realm: REALM.toLowerCase() })))
  await assert.rejects(attempt, { message: 'mismatch: the KDC answers for the realm corp.test, and not for CORP.TEST' })
})

it('the times of a reply may differ by five minutes from ours, and its end is the one that was asked for at most', async () => {
  const MINUTE_MS = 60_000
  const taken = (wrong: Wrong) => signIn(clientOf(WAYS['to a proof'](wrong)))
  const refused = (wrong: Wrong) => assert.rejects(taken(wrong), { code: 'mismatch' })
  await taken({ startMs: nowMs + 5 * MINUTE_MS })
  await refused({ startMs: nowMs + 5 * MINUTE_MS + 1000 })
  const startMs = nowMs - HOUR_MS
  await taken({ startMs, endMs: nowMs - 5 * MINUTE_MS + 1000 })
  await refused({ startMs, endMs: nowMs - 5 * MINUTE_MS })
  await taken({ endMs: nowMs + 24 * HOUR_MS })
  await refused({ endMs: nowMs + 24 * HOUR_MS + 1000 })
})

describe('a reply under another key than that of the password', () => {
  const under = (request: Buffer) => asReply(request, { ...answering, key: otherKey })

  it('says that the password is wrong where no proof was asked for', async () => {
    await assert.rejects(signIn(clientOf(under)), { name: 'KdcRefusal', errorCode: 24 })
  })

  it('is not believed where one was: the KDC has taken it', async () => {
    const client = clientOf(request =>
      request.includes(TIMESTAMP) ? under(request) : proofWanted(`${REALM}alice`, nowMs),
    )
    await assert.rejects(signIn(client), { name: 'Krb5Error', code: 'integrity' })
  })
})

describe('an offer of armour (FAST) that is heard of with the reply alone', () => {
  const inReply = (request: Buffer) =>
    request.includes(TIMESTAMP)
      ? asReply(request, { ...answering, offersArmour: true })
      : proofWanted(`${REALM}alice`, nowMs)

  it('was taken away before: the reply is not believed, and no proof goes out again', async () => {
    const client = clientOf(request => asReply(request, answering))
    const armouring = await client.signIn(nameOf('svc-proxy', NAME_TYPE.principal), async () => key.copy())
    client.answer = inReply
    await assert.rejects(signIn(client, { realm: REALM, armouring }), { name: 'Krb5Error', code: 'integrity' })
    const proofs = () => client.sent.filter(request => request.includes(TIMESTAMP)).length
    assert.equal(proofs(), 1)
    await assert.rejects(signIn(client, { realm: REALM, armouring }), { name: 'Krb5Error', code: 'integrity' })
    assert.equal(proofs(), 1)
  })

  it('is none for whom we have no ticket to armour with', async () => {
    assert.deepEqual((await signIn(clientOf(inReply))).client, name)
  })
})
