import { tags, writeElement } from '../../asn1/der.ts'
import { context, DerReader, UNIVERSAL } from './der-reader.ts'
import { field, octetString, sequence } from './der-writer.ts'
import { malformed } from './krb5-error.ts'
import { spnegoMechanism } from './object-identifiers.ts'

/** A first leg (RFC 4178 4.2.1). */
export interface NegTokenInit {
  /** Contents octets of each object identifier, in the client's order. */
  readonly mechanisms: readonly Buffer[]
  /** The list as it was encoded, which a mechListMIC is about (RFC 4178 5). */
  readonly mechanismList: Buffer
  /** The token of the first mechanism, if there is one. */
  readonly token: Buffer | undefined
  readonly mic: Buffer | undefined
}

/** Windows offers four. */
const MAX_MECHANISMS = 32

/**
 * Reads the first token of a client; the results are views of it. Throws `malformed`. Other mechanisms in the list,
 * such as NegoEx, are offers that are not taken up.
 */
export function readNegTokenInit(octets: Buffer): NegTokenInit {
  const frame = DerReader.only(octets, tags.initialContextToken)
  if (!frame.enter(UNIVERSAL.objectIdentifier).rest().equals(spnegoMechanism)) throw malformed('mechanism')
  const choice = frame.enter(context(0))
  frame.finish()
  const fields = choice.enter(UNIVERSAL.sequence)
  choice.finish()
  const holder = fields.enter(context(0))
  const mechanismList = holder.element()
  holder.finish()
  const mechanisms = DerReader.only(mechanismList, UNIVERSAL.sequence).each(MAX_MECHANISMS, list =>
    list.enter(UNIVERSAL.objectIdentifier).rest(),
  )
  // reqFlags: not integrity protected, so to be ignored (RFC 4178 4.2.1).
  fields.optional(1, (reader, number) => reader.flags(number))
  const token = fields.optional(2, (reader, number) => reader.octets(number))
  const mic = fields.optional(3, (reader, number) => reader.octets(number))
  fields.finish()
  if (mechanisms.length === 0) throw malformed('no mechanism')
  return { mechanisms, mechanismList, token, mic }
}

const ACCEPT_COMPLETED = writeElement(UNIVERSAL.enumerated, Buffer.from([0]))

/** The last leg: accepted, by this mechanism, with its token (RFC 4178 4.2.2). */
export function writeAcceptCompleted(mechanism: Buffer, token: Buffer | undefined, mic: Buffer | undefined): Buffer {
  return writeElement(
    context(1),
    sequence(
      field(0, ACCEPT_COMPLETED),
      field(1, writeElement(UNIVERSAL.objectIdentifier, mechanism)),
      field(2, token && octetString(token)),
      field(3, mic && octetString(mic)),
    ),
  )
}
