/**
 * Bad inputs to the acceptor, one by one, made with the service's own key: what is wrong is what the title says, and
 * nothing else.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  authorization,
  type Forgery,
  forgedKeytab,
  forgedNegotiation,
  forgedToken,
  mechanismList,
  sessionKey,
} from '../../../devkit/realm/forged-token.ts'
import type { Accepted, Acceptor } from '../../../src/kerberos/acceptor.ts'
import { KerberosError } from '../../../src/kerberos/kerberos-error.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createNativeAcceptor } from '../../../src/kerberos/native-acceptor.ts'
import { AP_OPTION } from '../../../src/kerberos/protocol/ap-request.ts'
import { sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { EncryptionKey, KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import { GSS_CHECKSUM, plainGssChecksum } from '../../../src/kerberos/protocol/gss-token.ts'
import { wrapInSpnego } from '../../../src/kerberos/protocol/negotiate-token.ts'
import {
  krb5Mechanism,
  krb5MechanismOfWindows,
  ntlmMechanism,
} from '../../../src/kerberos/protocol/object-identifiers.ts'
import { TICKET_FLAG } from '../../../src/kerberos/protocol/ticket.ts'
import { createReplayCache, type ReplayCache } from '../../../src/kerberos/replay-cache.ts'

const YEAR_2100_MS = Date.UTC(2100, 0, 1)
const MINUTE_MS = 60_000
/** 1.3.6.1.4.1.311.2.2.30 (MS-NEGOEX). */
const negoExMechanism = Buffer.from('2b06010401823702021e', 'hex')
const realm = { realm: 'CORP.TEST' }
let nowMs = Date.UTC(2026, 5, 1)
let directory: string
let acceptor: Acceptor
let replays: ReplayCache

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'torhaus-forged-'))
  writeFileSync(join(directory, 'keytab'), forgedKeytab())
  replays = createReplayCache({ directory: join(directory, 'replay'), skewMs: 300_000, now: () => nowMs })
  const services = ['HTTP/proxy.corp.test@CORP.TEST']
  const file = new KeytabFile(join(directory, 'keytab'))
  acceptor = createNativeAcceptor({ keytab: file, services, directory: realm, replays, now: () => nowMs })
})
after(() => {
  acceptor[Symbol.dispose]()
  replays[Symbol.dispose]()
  rmSync(directory, { recursive: true })
})

const codeOf = async (token: Buffer): Promise<string> => {
  try {
    return (await acceptor.accept(token)).principal
  } catch (error) {
    assert(error instanceof KerberosError, `${error}`)
    return error.code
  }
}

const ok = 'alice@CORP.TEST'
let made = 1
/** Each with microseconds of its own, so that none is a replay of another. */
const forged = (changes: Partial<Forgery> = {}): Promise<string> =>
  codeOf(forgedToken({ nowMs, microseconds: made++, ...changes }))

const withChecksum = (octets: Buffer): Partial<Forgery> => ({ checksum: { type: GSS_CHECKSUM, octets } })
const delegating = (length: number, rest: number): Buffer => {
  const octets = Buffer.concat([plainGssChecksum(), Buffer.from([1, 0, 0, 0]), Buffer.alloc(rest)])
  octets.writeUInt32LE(1, 20)
  octets.writeUInt16LE(length, 26)
  return octets
}

describe('a ticket', () => {
  it('opens whatever number its key has: absent, old, or above 255', async () => {
    for (const kvno of [undefined, 1, 44, 300, 0xffff_ffff])
      assert.equal(await forged(kvno === undefined ? {} : { kvno }), ok)
  })

  it('made with a foreign key, or RC4 or DES, is refused', async () => {
    assert.equal(await forged({ ticketKey: new EncryptionKey(18, Buffer.alloc(32, 1)) }), 'wrong-service-key')
    assert.equal(await forged(), ok)
    for (const ticketEtype of [23, 3, 17, 19, 20, -1]) assert.equal(await forged({ ticketEtype }), 'wrong-service-key')
  })

  it('that was opened before is known again under its own type alone', async () => {
    const token = forgedToken({ nowMs, microseconds: made++ })
    assert.equal(await codeOf(token), ok)
    const etype = Buffer.from([0xa3, 0x82])
    const at = token.indexOf(Buffer.from([0xa0, 3, 2, 1, 18]), token.indexOf(etype))
    token[at + 4] = 17
    assert.equal(await codeOf(token), 'wrong-service-key')
  })

  it('is good from its start to its end, five minutes off, also in the year 2100', async () => {
    assert.equal(await forged({ startMs: nowMs + 5 * MINUTE_MS }), ok)
    assert.equal(await forged({ startMs: nowMs + 5 * MINUTE_MS + 1000 }), 'clock-skew')
    assert.equal(await forged({ endMs: nowMs - 5 * MINUTE_MS + 1000 }), ok)
    assert.equal(await forged({ endMs: nowMs - 5 * MINUTE_MS }), 'credentials-expired')
    const before = nowMs
    nowMs = YEAR_2100_MS
    assert.equal(await forged(), ok)
    nowMs = before
  })

  it('that is marked invalid is refused', async () => {
    assert.equal(await forged({ ticketFlags: TICKET_FLAG.invalid }), 'clock-skew')
  })

  it('that came through other realms is refused unless the KDC checked the way', async () => {
    assert.equal(await forged({ transited: 'EVIL.TEST' }), 'foreign-realm')
    assert.equal(await forged({ transited: 'EVIL.TEST', ticketFlags: TICKET_FLAG.transitedPolicyChecked }), ok)
  })

  it('of nobody, of another realm, or of a name that means two things is refused', async () => {
    const named = (...components: string[]) => forged({ client: { type: 1, components } })
    assert.equal(await forged({ client: { type: 11, components: ['WELLKNOWN', 'ANONYMOUS'] } }), 'principal-malformed')
    assert.equal(await forged({ clientRealm: 'WELLKNOWN:ANONYMOUS' }), 'principal-malformed')
    assert.equal(await forged({ clientRealm: 'OTHER.TEST' }), 'foreign-realm')
    for (const name of ['alice@CORP.TEST', 'alice\0', 'bob/alice', 'CORP\\alice', ''])
      assert.match(await named(name), /^(foreign-realm|principal-malformed)$/, JSON.stringify(name))
    assert.equal(await named('alice', 'admin'), 'principal-malformed')
    assert.equal(await named('DC1$'), 'dc1$@CORP.TEST')
  })

  it('with a PAC that our key did not sign is refused', async () => {
    const pacs = (...octets: Buffer[]) =>
      sequence(authorization(1, sequence(...octets.map(pac => authorization(128, pac)))))
    assert.equal(await forged({ authorizationData: pacs(Buffer.alloc(8)) }), 'token-defective')
    assert.equal(await forged({ authorizationData: pacs(Buffer.alloc(8), Buffer.alloc(8)) }), 'token-defective')
    assert.equal(await forged({ authorizationData: pacs() }), ok, 'none at all is no fault')
  })
})

describe('an authenticator', () => {
  it('of another client or realm than the ticket is refused', async () => {
    assert.equal(await forged({ authenticatorClient: { type: 1, components: ['bob'] } }), 'token-defective')
    assert.equal(await forged({ authenticatorRealm: 'OTHER.TEST' }), 'token-defective')
    assert.equal(await forged({ authenticatorClient: { type: 3, components: ['alice'] } }), ok, 'a type is a hint')
  })

  it('under the key usage of a request to the KDC is refused', async () => {
    assert.equal(await forged({ authenticatorUsage: KEY_USAGE.tgsRequestAuthenticator }), 'token-defective')
  })

  it('with more than a million microseconds, or fewer than none, is refused', async () => {
    for (const microseconds of [1_000_000, -1]) assert.equal(await forged({ microseconds }), 'token-defective')
  })

  it('without GSSAPI checksum, or a defective one, is refused', async () => {
    assert.equal(await forged({ checksum: undefined }), 'token-defective')
    assert.equal(await forged({ checksum: { type: 16, octets: Buffer.alloc(12) } }), 'token-defective')
    assert.equal(await forged(withChecksum(plainGssChecksum().subarray(0, 23))), 'token-defective')
    const wrongLength = plainGssChecksum()
    wrongLength.writeUInt32LE(15)
    assert.equal(await forged(withChecksum(wrongLength)), 'token-defective')
  })

  it('may delegate, which is ignored, and may not claim more octets than there are', async () => {
    assert.equal(await forged(withChecksum(delegating(10, 10))), ok)
    assert.equal(await forged(withChecksum(delegating(11, 10))), 'token-defective')
    const flagAlone = plainGssChecksum()
    flagAlone.writeUInt32LE(1, 20)
    assert.equal(await forged(withChecksum(flagAlone)), ok)
  })

  it('shown twice is a replay, whatever is around it, and an ahead clock does not make it new', async () => {
    const token = forgedToken({ nowMs, microseconds: made++, authenticatorAtMs: nowMs + 4 * MINUTE_MS })
    assert.equal(await codeOf(token), ok)
    assert.equal(await codeOf(wrapInSpnego(token)), 'replay')
    const before = nowMs
    nowMs += 8 * MINUTE_MS
    assert.equal(await codeOf(token), 'replay')
    nowMs = before
  })
})

describe('a request', () => {
  it('for user-to-user, or with octets behind it, is refused', async () => {
    assert.equal(await forged({ options: AP_OPTION.useSessionKey }), 'token-defective')
    assert.equal(await forged({ trailing: Buffer.from([0]) }), 'token-defective')
  })

  it('for mutual authentication is answered, any other is not', async () => {
    const answer = (options: number): Promise<Accepted> =>
      acceptor.accept(forgedToken({ nowMs, microseconds: made++, options }))
    assert.equal((await answer(0)).replyToken, undefined)
    assert.equal((await answer(AP_OPTION.mutualRequired)).replyToken?.[0], 0x60)
  })
})

describe('SPNEGO', () => {
  const token = () => forgedToken({ nowMs, microseconds: made++ })
  const mic = (list: Buffer, changes: { readonly usage?: number; readonly filler?: number } = {}): Buffer => {
    const header = Buffer.alloc(16, changes.filler ?? 0xff)
    header.writeUInt32BE(0x0404_00ff, 0)
    header.writeBigUInt64BE(1n, 8)
    return Buffer.concat([header, sessionKey.checksum(changes.usage ?? KEY_USAGE.initiatorSign, list, header)])
  }

  it('offers as Windows does are accepted, NegoEx and NTLM among them being nobody', async () => {
    const windows = [krb5MechanismOfWindows, krb5Mechanism, negoExMechanism, ntlmMechanism]
    assert.equal(await codeOf(forgedNegotiation(windows, token())), ok)
    assert.equal(await codeOf(forgedNegotiation([krb5Mechanism], token())), ok)
  })

  it('with another mechanism first would need a second leg', async () => {
    assert.equal(await codeOf(forgedNegotiation([negoExMechanism, krb5Mechanism], token())), 'continue-needed')
    assert.equal(await codeOf(forgedNegotiation([krb5Mechanism])), 'continue-needed')
  })

  it('with NTLM first or alone is told so', async () => {
    const ntlm = Buffer.concat([Buffer.from('NTLMSSP\0'), Buffer.alloc(8)])
    assert.equal(await codeOf(forgedNegotiation([ntlmMechanism, krb5Mechanism], ntlm)), 'ntlm')
    assert.equal(await codeOf(forgedNegotiation([ntlmMechanism])), 'ntlm')
  })

  it('without mechanisms, or with a thousand, is refused', async () => {
    assert.equal(await codeOf(forgedNegotiation([], token())), 'token-defective')
    assert.equal(await codeOf(forgedNegotiation(Array(1_000).fill(krb5Mechanism), token())), 'token-defective')
  })

  it('with a MIC is answered with one, and refused where it is wrong', async () => {
    const list = [krb5Mechanism, ntlmMechanism]
    const good = await acceptor.accept(forgedNegotiation(list, token(), mic(mechanismList(list))))
    assert(good.replyToken?.includes(Buffer.from([4, 4, 1, 0xff])), 'a MIC of the acceptor')
    const other = mechanismList([krb5Mechanism])
    for (const wrong of [mic(other), mic(mechanismList(list), { usage: 23 }), mic(mechanismList(list), { filler: 0 })])
      assert.equal(await codeOf(forgedNegotiation(list, token(), wrong)), 'token-defective')
    assert.equal(await codeOf(forgedNegotiation(list, token(), Buffer.alloc(3))), 'token-defective')
  })
})
