/** Why octets or a key were refused. Stable: callers branch on these. */
export type Krb5Code =
  /** Not DER, or not the message it should be. */
  | 'malformed'
  /** A checksum does not fit: another key, or changed on the way (KRB_AP_ERR_BAD_INTEGRITY, _MODIFIED). */
  | 'integrity'
  /** RC4, DES and whatever else is not AES. */
  | 'enctype-unsupported'
  /** The KDC asks for more work, or for less, than a password may cost (RFC 3962 4). */
  | 'iterations-out-of-bounds'
  /** A reply that does not belong to the request. */
  | 'mismatch'
  /** A KDC refers to a realm that is none of ours and none that is trusted, or that is not to be looked into. */
  | 'realm-unknown'

/** A refusal by the protocol layers. Its message holds no octet of a key, a token or a name. */
export class Krb5Error extends Error {
  override readonly name = 'Krb5Error'
  readonly code: Krb5Code

  constructor(code: Krb5Code, text: string) {
    super(`${code}: ${text}`)
    this.code = code
  }
}

/** For whoever is outside of this folder: classes are made in their own. */
export const krb5Error = (code: Krb5Code, text: string): Krb5Error => new Krb5Error(code, text)

/** `text`: which part of the message is not what it should be. */
export const malformed = (text: string): Krb5Error => new Krb5Error('malformed', text)
