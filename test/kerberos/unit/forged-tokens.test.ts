/**
 * Bad inputs to the acceptor, one by one, made with the service's own key: what is wrong is what the title says, and
 * nothing else. `pitfalls.test.ts` counts them.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { authorization, forgedCammac, indicatorElement, sessionKey } from '../../../devkit/realm/forged-token.ts'
import { AP_OPTION } from '../../../src/kerberos/protocol/ap-request.ts'
import { application, DerReader, UNIVERSAL } from '../../../src/kerberos/protocol/der-reader.ts'
import { field, integer, octetString, sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { readEncryptedData } from '../../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import { krb5Mechanism } from '../../../src/kerberos/protocol/object-identifiers.ts'
import { TICKET_FLAG } from '../../../src/kerberos/protocol/ticket.ts'
import { alice, type ForgedAcceptor, startForgedAcceptor } from './forged-acceptor.ts'

const YEAR_2100_MS = Date.UTC(2100, 0, 1)
const MINUTE_MS = 60_000
const question = { sids: new Set(['S-1-18-5']), indicators: new Set(['otp']) }
let door: ForgedAcceptor

before(() => {
  door = startForgedAcceptor({ question })
})
after(() => door[Symbol.dispose]())

describe('a ticket', () => {
  it('that is marked invalid, begins later or has ended is refused (pitfall 6)', async () => {
    const { nowMs } = door
    assert.equal(await door.forged({ ticketFlags: TICKET_FLAG.invalid }), 'clock-skew')
    assert.equal(await door.forged({ startMs: nowMs + 5 * MINUTE_MS }), alice)
    assert.equal(await door.forged({ startMs: nowMs + 5 * MINUTE_MS + 1000 }), 'clock-skew')
    assert.equal(await door.forged({ endMs: nowMs - 5 * MINUTE_MS + 1000 }), alice)
    assert.equal(await door.forged({ endMs: nowMs - 5 * MINUTE_MS }), 'credentials-expired')
  })

  it('of the year 2100 is good then (pitfall 7)', async () => {
    const before = door.nowMs
    door.nowMs = YEAR_2100_MS
    assert.equal(await door.forged(), alice)
    assert.equal(await door.forged({ endMs: YEAR_2100_MS - 6 * MINUTE_MS }), 'credentials-expired')
    door.nowMs = before
  })

  it('that came through other realms is refused unless the KDC checked the way (pitfall 9)', async () => {
    const trustedRealms = [{ realm: 'PARTNER.TEST' }]
    using trusting = startForgedAcceptor({ directory: { realm: 'CORP.TEST', trustedRealms } })
    const theirs = { clientRealm: 'PARTNER.TEST', transited: 'EVIL.TEST' }
    const ticketFlags = TICKET_FLAG.transitedPolicyChecked
    assert.equal(await trusting.forged(theirs), 'foreign-realm')
    assert.equal(await trusting.forged({ ...theirs, ticketFlags }), 'alice@PARTNER.TEST')
    assert.equal(await trusting.forged({ transited: 'PARTNER.TEST', ticketFlags }), 'foreign-realm', 'for ours')
  })

  it('of another domain of the forest passes where it came through those above that are trusted', async () => {
    const trustedRealms = ['EU.CORP.TEST', 'CORP.TEST', 'A.EU.CORP.TEST', 'PARTNER.TEST'].map(realm => ({ realm }))
    using forest = startForgedAcceptor({ directory: { realm: 'US.CORP.TEST', trustedRealms } })
    const theirs = (transited: string, clientRealm = 'A.EU.CORP.TEST') => forest.forged({ clientRealm, transited })
    for (const transited of ['EU.CORP.TEST,CORP.TEST', 'CORP.TEST', 'CORP.TEST,EU.'])
      assert.equal(await theirs(transited), 'alice@A.EU.CORP.TEST', transited)
    const strange = [
      'PARTNER.TEST',
      'CORP.TEST,PARTNER.TEST',
      'TEST',
      'US.CORP.TEST',
      'CORP.TEST,',
      ',',
      'EU.,CORP.TEST',
      '/CORP',
    ]
    for (const transited of strange) assert.equal(await theirs(transited), 'foreign-realm', transited)
    assert.equal(await theirs('CORP.TEST', 'OTHER.CORP.TEST'), 'foreign-realm', 'a realm that is not trusted')
    assert.equal(await theirs('CORP.TEST', 'US.CORP.TEST'), 'foreign-realm', 'for ours')
    assert.equal(
      await forest.forged({ clientRealm: 'A.EU.CORP.TEST', transited: 'CORP.TEST', transitedType: 0 }),
      'foreign-realm',
    )
  })

  it('whose way through other realms is encoded as nobody does is refused, even where it is empty', async () => {
    for (const transitedType of [0, 1, 255])
      assert.equal(await door.forged({ transitedType }), alice, `${transitedType}`)
    for (const transitedType of [-127, -1, 256])
      assert.equal(await door.forged({ transitedType }), 'token-defective', `${transitedType}`)
  })

  it('of a realm that is called as ours but for letter case is of another realm', async () => {
    for (const clientRealm of ['corp.test', 'Corp.Test', 'CORP'])
      assert.equal(await door.forged({ clientRealm }), 'foreign-realm', clientRealm)
  })

  it('in RC4, DES or another type than its key is refused, and so a downgraded one (pitfall 12)', async () => {
    for (const ticketEtype of [23, 24, 3, 1, 16, 17, 19, 20, 0, -1])
      assert.equal(await door.forged({ ticketEtype }), 'wrong-service-key', `${ticketEtype}`)
    const opened = door.token()
    assert.equal(await door.verdictOf(opened), alice)
    const etypeAt = opened.indexOf(Buffer.from([0xa0, 3, 2, 1, 18]), opened.indexOf(Buffer.from([0xa3, 0x82])))
    opened[etypeAt + 4] = 17
    assert.equal(await door.verdictOf(opened), 'wrong-service-key', 'one that was opened before is known by its type')
  })

  it('opens whatever number its key has: absent, old, or above 255 (pitfall 13)', async () => {
    for (const kvno of [undefined, 0, 1, 44, 300, 0xffff_ffff])
      assert.equal(await door.forged(kvno === undefined ? {} : { kvno }), alice, `${kvno}`)
  })

  it('with authorization data a thousand lists deep costs one level (pitfall 19)', async () => {
    let data: Buffer = Buffer.alloc(0)
    for (let depth = 0; depth < 1_000; depth++) data = sequence(authorization(1, data))
    assert.equal(await door.forged({ authorizationData: data }), alice)
    assert.equal(await door.forged({ authenticatorData: data }), alice)
  })

  it('of a name with @, / , \\ or NUL is of no account, whatever it would read as once joined (pitfall 20)', async () => {
    const named = (...components: string[]) => door.forged({ client: { type: 1, components } })
    for (const name of [
      'alice@CORP.TEST',
      'alice@OTHER.TEST',
      'alice\0',
      'bob/alice',
      'CORP\\alice',
      'OTHER\\alice',
      '',
    ])
      assert.match(await named(name), /^(foreign-realm|principal-malformed)$/, JSON.stringify(name))
    assert.equal(await named('alice', 'admin'), 'principal-malformed')
    assert.equal(await named(), 'token-defective')
  })

  it('of a computer, or of a name like another, is of that account and no second one (pitfall 21)', async () => {
    const named = (name: string) => door.forged({ client: { type: 1, components: [name] } })
    assert.equal(await named('DC1$'), 'dc1$@CORP.TEST')
    assert.equal(await named('DC1'), 'dc1@CORP.TEST')
    assert.equal(await named('ALICE'), alice, 'case is none of the differences that a directory knows')
    // Cyrillic a, fullwidth a: other accounts, or none.
    assert.equal(await named('\u0430lice'), '\u0430lice@CORP.TEST')
    for (const name of ['\uff41lice', 'alice ', ' alice', 'alice.', 'alice\u200b', '\u212aevin'])
      assert.notEqual(await named(name), alice, JSON.stringify(name))
    assert.equal(await named('\u212aevin'), 'principal-malformed', 'a Kelvin sign is no k')
  })

  it('of the same name in another realm is of somebody else (pitfall 22)', async () => {
    for (const clientRealm of ['OTHER.TEST', 'CORP.TEST.EVIL', 'CORP.TES', 'CORP.TEST\0', ''])
      assert.notEqual(await door.forged({ clientRealm }), alice, clientRealm)
    assert.equal(await door.forged({ clientRealm: 'OTHER.TEST' }), 'foreign-realm')
  })

  it('of nobody is refused (pitfall 23)', async () => {
    const anonymous = { type: 11, components: ['WELLKNOWN', 'ANONYMOUS'] }
    assert.equal(await door.forged({ client: anonymous, clientRealm: 'WELLKNOWN:ANONYMOUS' }), 'principal-malformed')
    assert.equal(await door.forged({ client: anonymous }), 'principal-malformed')
    assert.equal(await door.forged({ client: { ...anonymous, type: 1 } }), 'principal-malformed')
    assert.equal(await door.forged({ client: { type: 11, components: ['alice'] } }), 'principal-malformed')
    assert.equal(await door.forged({ clientRealm: 'WELLKNOWN:ANONYMOUS' }), 'principal-malformed')
  })

  it('for another name of our account opens with the key of ours, so the account must have no other (pitfall 24)', async () => {
    const service = { type: 2, components: ['MSSQL', 'db.corp.test'] }
    assert.equal(await door.forged({ service }), alice, 'the name stands in clear: anybody could have written ours')
    const ticketKey = new EncryptionKey(18, Buffer.alloc(32, 1))
    assert.equal(await door.forged({ ticketKey }), 'wrong-service-key', 'our name over a foreign key')
    assert.equal(
      await door.forged({ service: { type: 2, components: ['krbtgt', 'CORP.TEST'] }, ticketKey }),
      'wrong-service-key',
    )
  })
})

describe('an authenticator', () => {
  it('shown twice is a replay (pitfall 1)', async () => {
    const token = door.token()
    assert.deepEqual([await door.verdictOf(token), await door.verdictOf(token)], [alice, 'replay'])
  })

  it('of another realm or client than the ticket is refused (pitfall 5)', async () => {
    assert.equal(await door.forged({ authenticatorRealm: 'OTHER.TEST' }), 'token-defective')
    assert.equal(await door.forged({ authenticatorRealm: 'corp.test' }), 'token-defective')
    assert.equal(await door.forged({ authenticatorClient: { type: 1, components: ['bob'] } }), 'token-defective')
    assert.equal(
      await door.forged({ authenticatorClient: { type: 3, components: ['alice'] } }),
      alice,
      'a type is a hint',
    )
  })

  it('with a million microseconds, or fewer than none, is refused (pitfall 8)', async () => {
    assert.equal(await door.forged({ microseconds: 999_999 }), alice)
    for (const microseconds of [1_000_000, -1, 0x7fff_ffff])
      assert.equal(await door.forged({ microseconds }), 'token-defective')
  })

  it('under the key usage of a request to the KDC is refused (pitfall 10)', async () => {
    assert.equal(await door.forged({ authenticatorUsage: KEY_USAGE.tgsRequestAuthenticator }), 'token-defective')
  })

  it('that claims another encryption type than its key has is refused', async () => {
    for (const authenticatorEtype of [17, 20, 23])
      assert.equal(await door.forged({ authenticatorEtype }), 'token-defective', `${authenticatorEtype}`)
  })

  it('may be five minutes off in either direction, and not a second more', async () => {
    for (const sign of [-1, 1]) {
      const at = (ms: number) => door.forged({ authenticatorAtMs: door.nowMs + sign * ms, microseconds: 0 })
      assert.deepEqual([await at(5 * MINUTE_MS), await at(5 * MINUTE_MS + 1000)], [alice, 'clock-skew'])
    }
  })

  it('brings no PAC and no indicators, and neither does AD-KDC-ISSUED (pitfall 18)', async () => {
    const otp = forgedCammac(sequence(indicatorElement('otp')))
    const pac = authorization(128, Buffer.alloc(8))
    const relevant = sequence(authorization(1, sequence(otp, pac)))
    const proofOf = async (changes: object) => (await door.acceptor.accept(door.token(changes))).proof
    assert.deepEqual((await proofOf({ authorizationData: sequence(authorization(1, sequence(otp))) }))?.indicators, [
      'otp',
    ])
    // AD-KDCIssued (RFC 4120 5.2.6.2), around the same.
    const issued = sequence(
      field(0, sequence(field(0, integer(16)), field(1, octetString(Buffer.alloc(12))))),
      field(3, sequence(otp, pac)),
    )
    for (const changes of [
      { authenticatorData: relevant },
      { authorizationData: sequence(authorization(4, issued)) },
      { authorizationData: sequence(authorization(1, sequence(authorization(4, issued)))) },
    ]) {
      const proof = await proofOf(changes)
      assert.deepEqual([proof?.indicators, proof?.sids], [[], undefined])
    }
  })
})

describe('a request', () => {
  it('for user-to-user is refused (pitfall 11)', async () => {
    assert.equal(await door.forged({ options: AP_OPTION.useSessionKey }), 'token-defective')
    assert.equal(await door.forged({ options: AP_OPTION.useSessionKey | AP_OPTION.mutualRequired }), 'token-defective')
  })

  it('for mutual authentication is answered, any other is not', async () => {
    const answer = async (options: number) =>
      (await door.acceptor.accept(door.token({ options, microseconds: options === 0 ? 776 : 777 }))).replyToken
    assert.equal(await answer(0), undefined)
    const reply = (await answer(AP_OPTION.mutualRequired)) ?? assert.fail('no answer')
    const frame = DerReader.only(reply, 0x60)
    assert.deepEqual(frame.enter(UNIVERSAL.objectIdentifier).rest(), krb5Mechanism)
    assert.equal(frame.rest().readUInt16BE(), 0x0200)
    const fields = DerReader.only(frame.rest().subarray(2), application(15), UNIVERSAL.sequence)
    assert.deepEqual([fields.integer(0), fields.integer(1)], [5, 15])
    const { etype, cipher } = readEncryptedData(fields, 2)
    // What was in the authenticator, under the session key (RFC 4120 5.5.2).
    const part = DerReader.only(sessionKey.decrypt(KEY_USAGE.apReply, cipher), application(27), UNIVERSAL.sequence)
    const [timeMs, microseconds, sequenceNumber] = [part.time(0), part.integer(1), part.uint32(3)]
    assert.deepEqual([etype, timeMs, microseconds, sequenceNumber], [18, door.nowMs, 777, 1])
    part.finish()
  })
})
