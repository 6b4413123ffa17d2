/** FAST (RFC 6113) before a KDC that speaks it, with one thing wrong in its answer. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { forgedTicket } from '../../../devkit/realm/forged-token.ts'
import type { HeldTicket } from '../../../src/kerberos/kdc/held-ticket.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { DerReader } from '../../../src/kerberos/protocol/der-reader.ts'
import { EncryptionKey, KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import { NAME_TYPE, nameOf, ticketGrantingService } from '../../../src/kerberos/protocol/principal-name.ts'
import { isSameKey } from '../../../src/kerberos/protocol/same-key.ts'
import { readTicket } from '../../../src/kerberos/protocol/ticket.ts'
import { armouredAnswer, armourOffered, newSessionKey, strangersKey, type Wrong } from './armoured-kdc.ts'

const REALM = 'CORP.TEST'
const nowMs = Date.UTC(2026, 5, 1)
const alice = nameOf('alice', NAME_TYPE.principal)
const bob = nameOf('bob', NAME_TYPE.principal)
const tgtKey = new EncryptionKey(18, Buffer.alloc(32, 3))
const clientKey = new EncryptionKey(18, Buffer.alloc(32, 5))
const service = ticketGrantingService(REALM)
const armouring: HeldTicket = {
  ticket: readTicket(new DerReader(forgedTicket({ nowMs, service }))),
  client: nameOf('svc-proxy', NAME_TYPE.principal),
  ...{ sessionKey: tgtKey, clientRealm: REALM, flags: 0, endTimeMs: nowMs + 3_600_000 },
}

function signedIn(wrong: Wrong = {}, key = clientKey): Promise<HeldTicket> {
  let asked = 0
  const answer = (request: Buffer) =>
    asked++ === 0 ? armourOffered(nowMs) : armouredAnswer(request, { tgtKey, clientKey, nowMs }, wrong)
  const pool: KdcPool = { ask: async (request, read) => read(answer(request)), states: () => [] }
  const client = createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs })
  return client.signIn(alice, async () => key.copy(), { realm: REALM, armouring })
}

describe('an answer inside of the armour', () => {
  it('as it should be is taken', async () => {
    const { client, sessionKey } = await signedIn()
    assert.deepEqual(client.components, ['alice'])
    assert(isSameKey(sessionKey, newSessionKey))
  })

  it('needs no key that strengthens it, and no name outside', async () => {
    await signedIn({ strengthens: false, replyKey: clientKey })
    assert.deepEqual((await signedIn({ clientInClear: bob })).client.components, ['alice'], 'the signed one counts')
  })

  it('with the challenge of Heimdal 7 is taken', async () => {
    await signedIn({ challenge: { pepper: 'clientchallengearmor' } })
  })

  for (const [what, wrong, code] of [
    ['without armour', { isBare: true }, 'integrity'],
    ['under another armour', { armourKey: strangersKey }, 'integrity'],
    ['of another encryption type than its armour', { armourEtype: 17 }, 'integrity'],
    ['of another nonce', { armourNonce: 1 }, 'mismatch'],
    ['without its end', { finished: undefined }, 'integrity'],
    ['whose end is signed by another kind of checksum', { finished: { type: 15 } }, 'integrity'],
    ['whose end is about another ticket', { signedTicket: forgedTicket({ nowMs, service }) }, 'integrity'],
    ['that is about somebody else', { finished: { client: bob } }, 'mismatch'],
    ['that is about somebody of another realm', { finished: { realm: 'OTHER.TEST' } }, 'mismatch'],
    ['without a challenge of the KDC', { challenge: undefined }, 'integrity'],
    ['whose KDC does not know the key of the client', { challenge: { key: strangersKey } }, 'integrity'],
    [
      'that returns our own challenge',
      { challenge: { pepper: 'clientchallengearmor', usage: KEY_USAGE.clientChallenge } },
      'integrity',
    ],
    ['under the key of the password alone, where it says that it is not', { replyKey: clientKey }, 'integrity'],
    ['under the key of somebody else', { replyKey: strangersKey }, 'integrity'],
  ] as const satisfies readonly (readonly [string, Wrong, string])[])
    it(`${what} is not believed`, async () => {
      await assert.rejects(signedIn(wrong), { name: 'Krb5Error', code })
    })
})

describe('an error', () => {
  it('inside of the armour is the answer', async () => {
    for (const error of [18, 24]) await assert.rejects(signedIn({ error }), { name: 'KdcRefusal', errorCode: error })
  })

  it('beside the armour, or in one that holds none or is of another request, is anybody’s', async () => {
    await assert.rejects(signedIn({ errorBeside: 24 }), { name: 'Krb5Error', code: 'integrity' })
    await assert.rejects(signedIn({ error: 0 }), { name: 'Krb5Error', code: 'integrity' })
    await assert.rejects(signedIn({ error: 24, armourNonce: 1 }), { name: 'Krb5Error', code: 'mismatch' })
    await assert.rejects(signedIn({ error: 24, armourKey: strangersKey }), { name: 'Krb5Error', code: 'integrity' })
  })
})
