import { randomInt } from 'node:crypto'
import { writeApRequest, writeAuthenticator } from './ap-request.ts'
import { writeTime } from './der-reader.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import { frameApRequest, GSS_CHECKSUM, plainGssChecksum } from './gss-token.ts'
import { wrapInSpnego } from './negotiate-token.ts'
import { ownOctets } from './own-octets.ts'
import type { PrincipalName } from './principal-name.ts'
import { writeRandom } from './random-octets.ts'
import type { Ticket } from './ticket.ts'

export interface TokenSource {
  readonly ticket: Ticket
  readonly sessionKey: EncryptionKey
  readonly clientRealm: string
  readonly client: PrincipalName
}

/** Makes the next token, in base64 as it goes out (RFC 4559 4.1). */
export type NextToken = (nowMs: number) => string

// The smallest number and the largest time that take three octets, so that each authenticator has the same length.
const FIRST_MICROSECOND = 0x8000
const MIDDLE_MICROSECOND = 500_000
const LAST_MICROSECOND = 999_999
const FIRST_SEQUENCE_NUMBER = 0x4000_0000

// Where the three values stand, from the end: [4] { INTEGER } [5] { GeneralizedTime } [7] { INTEGER }.
const SEQUENCE_NUMBER_AT = 4
const TIME_AT = 8 + 15
const MICROSECONDS_AT = 8 + 19 + 3

/**
 * Makes tokens from one service ticket: SPNEGO, the GSSAPI frame, and an AP-REQ without flags (mutual authentication
 * would need a second leg, which TLS to the origin server makes superfluous). Everything but the authenticator is the
 * same each time and is prepared as text; the authenticator differs in its time, its microseconds, which are never used
 * twice, and its sequence number.
 */
export function tokenTemplate({ ticket, sessionKey, clientRealm, client }: TokenSource): NextToken {
  const plain = writeAuthenticator({
    ...{ realm: clientRealm, client, timeMs: 0 },
    checksum: { type: GSS_CHECKSUM, octets: plainGssChecksum() },
    microseconds: FIRST_MICROSECOND,
    sequenceNumber: FIRST_SEQUENCE_NUMBER,
  })
  const authenticator = ownOctets(plain)
  const cipherBytes = authenticator.length + sessionKey.overheadBytes
  const request = writeApRequest(0, ticket.octets, sessionKey.enctype.number, Buffer.alloc(cipherBytes))
  const whole = wrapInSpnego(frameApRequest(request))
  // The ciphertext comes last in every element around it. Three octets make four characters, so what is before it and
  // does not fill three goes with it.
  const cipherAt = (whole.length - cipherBytes) % 3
  const before = whole.toString('base64', 0, whole.length - cipherBytes - cipherAt)
  const rest = ownOctets(whole.subarray(-cipherBytes - cipherAt))
  const end = authenticator.length
  let second = 0
  let microseconds = 0
  return nowMs => {
    const nowSecond = Math.floor(nowMs / 1000)
    if (nowSecond !== second || microseconds === LAST_MICROSECOND) {
      // More tokens than microseconds, or a clock that was set back: the time goes on by itself.
      second = Math.max(nowSecond, microseconds === LAST_MICROSECOND ? second + 1 : nowSecond)
      microseconds = randomInt(FIRST_MICROSECOND, MIDDLE_MICROSECOND)
      authenticator.write(writeTime(second * 1000), end - TIME_AT, 'latin1')
    }
    authenticator.writeUIntBE(++microseconds, end - MICROSECONDS_AT, 3)
    writeRandom(authenticator, end - SEQUENCE_NUMBER_AT, 4)
    authenticator[end - SEQUENCE_NUMBER_AT] = 0x40 | ((authenticator[end - SEQUENCE_NUMBER_AT] ?? 0) & 0x3f)
    sessionKey.encryptInto(rest, cipherAt, KEY_USAGE.apRequestAuthenticator, authenticator)
    return before + rest.toString('base64')
  }
}
