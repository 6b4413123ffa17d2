import { writeApReply } from './ap-request.ts'
import { frameApReply } from './gss-token.ts'
import { ownOctets } from './own-octets.ts'
import { writeAcceptCompleted } from './spnego.ts'

/** A client uses one mechanism and one encryption type, so replies to it have few lengths. */
const MAX_PREFIXES = 256

/** By mechanism, encryption type and length. */
const prefixes = new Map<string, Buffer>()

/**
 * The last leg around the ciphertext of an AP-REP (RFC 4120 5.5.2, RFC 4121 4.1, RFC 4178 4.2.2). `mechanism`: undefined
 * for a client that does not negotiate. The ciphertext comes last in every element, so all before it is the same for the
 * same length.
 */
export function writeAcceptReply(mechanism: Buffer | undefined, etype: number, cipher: Buffer): Buffer {
  const name = `${etype} ${cipher.length} ${mechanism?.toString('latin1') ?? ''}`
  let prefix = prefixes.get(name)
  if (prefix === undefined) {
    const framed = frameApReply(writeApReply(etype, cipher))
    const whole = mechanism === undefined ? framed : writeAcceptCompleted(mechanism, framed, undefined)
    prefix = ownOctets(whole.subarray(0, whole.length - cipher.length))
    if (prefixes.size < MAX_PREFIXES) prefixes.set(name, prefix)
  }
  return Buffer.concat([prefix, cipher], prefix.length + cipher.length)
}
