import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { EncryptionKey } from './encryption-key.ts'
import { derivedKey, enctypeOf, expandedKey } from './enctype.ts'
import { Krb5Error } from './krb5-error.ts'

const derive = promisify(pbkdf2)

/** 5 times the default of RFC 8009 and 40 times that of RFC 3962. */
const MAX_ITERATIONS = 163_840

/** The constant of RFC 3962 4 and RFC 8009 4. */
const KERBEROS = Buffer.from('kerberos', 'latin1')

/**
 * The key of a password (RFC 3962 4, RFC 8009 4), computed off the event loop.
 *
 * Whoever answers in the KDC's place chooses the parameters, before anything is authenticated: too many iterations
 * would be work for us, too few would make the timestamp we then send cheap to guess from. So fewer than the default
 * are refused, too.
 */
export async function stringToKey(
  enctypeNumber: number,
  password: Uint8Array,
  salt: Uint8Array,
  parameters?: Uint8Array,
): Promise<EncryptionKey> {
  const iterations = iterationsOf(enctypeNumber, parameters)
  return passwordKey(enctypeNumber, password, salt, iterations)
}

/** The same without the bounds, which the vectors of RFC 3962 B do not keep. */
export async function passwordKey(
  enctypeNumber: number,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<EncryptionKey> {
  const enctype = enctypeOf(enctypeNumber)
  const salted = Buffer.concat([Buffer.from(enctype.saltPrefix, 'latin1'), salt])
  const intermediate = await derive(password, salted, iterations, enctype.keyBytes, enctype.hash)
  const octets = enctype.macOverCiphertext
    ? expandedKey(enctype, intermediate, KERBEROS, enctype.keyBytes)
    : derivedKey(intermediate, KERBEROS)
  const key = new EncryptionKey(enctypeNumber, octets)
  intermediate.fill(0)
  octets.fill(0)
  return key
}

function iterationsOf(enctypeNumber: number, parameters: Uint8Array | undefined): number {
  const { defaultIterations } = enctypeOf(enctypeNumber)
  if (parameters === undefined) return defaultIterations
  if (parameters.length !== 4) throw new Krb5Error('malformed', 'string-to-key parameters')
  const iterations = Buffer.from(parameters).readUInt32BE()
  if (iterations < defaultIterations || iterations > MAX_ITERATIONS) {
    throw new Krb5Error('iterations-out-of-bounds', `${iterations} iterations`)
  }
  return iterations
}
