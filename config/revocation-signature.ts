/** Who has signed a revocation list: an authority that was renewed with another key is called as it was before. */
import { verify, type X509Certificate } from 'node:crypto'
import { readAll } from '../src/asn1/der.ts'

/** Algorithms by their identifier (RFC 4055 5, RFC 5758 3.2), contents octets. */
const DIGESTS: Readonly<Record<string, string>> = {
  '2a864886f70d010105': 'sha1',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d0401': 'sha1',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
}

/** Whether the authority has signed the list, in DER (RFC 5280 5.1); undefined: by an algorithm, or with a key, of a kind that is not known here. */
export function isSignedBy(list: Buffer, { publicKey }: X509Certificate): boolean | undefined {
  const [whole] = readAll(list) ?? []
  const [signed, algorithm, signature] = (whole && readAll(whole.contents)) ?? []
  if (whole === undefined || signed === undefined || algorithm === undefined || signature === undefined)
    return undefined
  const digest = DIGESTS[readAll(algorithm.contents)?.[0]?.contents.toString('hex') ?? '']
  if (digest === undefined || !['rsa', 'ec'].includes(publicKey.asymmetricKeyType ?? '')) return undefined
  // A bit string begins with how many bits of it are not used: none here.
  return verify(digest, whole.contents.subarray(0, signed.next), publicKey, signature.contents.subarray(1))
}
