import { DerReader } from './der-reader.ts'
import { field } from './der-writer.ts'
import { readChecksum } from './encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from './encryption-key.ts'
import type { OpenedReply } from './kdc-reply.ts'
import { PA, type PaData } from './kdc-request.ts'
import { Krb5Error } from './krb5-error.ts'
import { TICKET_FLAG } from './ticket.ts'

// RFC 6806 11: what a KDC offers before it has seen a proof is not signed. It repeats the offer in the encrypted part
// of the reply, beside a checksum of the request as it was received:
//
//   client --> KDC   request( PA-REQ-ENC-PA-REP )
//   KDC --> client   reply( { flag enc-pa-rep, PA-REQ-ENC-PA-REP: checksum of the request, PA-FX-FAST } under the client's key )

/** Asks the KDC to sign the request, and its offer of FAST. */
export const signatureRequest: PaData = { type: PA.encryptedPadata, value: Buffer.alloc(0) }

/** What a KDC states about itself under the client's key. */
export interface SignedOffer {
  /** It supports FAST (RFC 6113). */
  readonly armour: boolean
}

/**
 * Undefined if the KDC does not sign requests, or somebody has removed `signatureRequest` from this one. Throws
 * `integrity` if the request reached the KDC altered, or its checksum is missing.
 */
export function signedOffer(
  { flags, padata }: OpenedReply,
  request: Buffer,
  key: EncryptionKey,
): SignedOffer | undefined {
  if ((flags & TICKET_FLAG.encryptedPadata) === 0) return undefined
  const found = padata.find(({ type }) => type === PA.encryptedPadata)
  if (found === undefined) throw new Krb5Error('integrity', 'a reply that does not sign its request')
  const data = DerReader.only(field(0, found.value) ?? found.value)
  const checksum = readChecksum(data, 0)
  data.finish()
  if (checksum.type !== key.enctype.checksumType) throw new Krb5Error('integrity', 'checksum of a signed request')
  key.verifyChecksum(KEY_USAGE.asRequest, checksum.octets, request)
  return { armour: padata.some(({ type }) => type === PA.fast) }
}
