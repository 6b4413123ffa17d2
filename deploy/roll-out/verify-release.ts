/**
 * What is rolled out is what the operator signed. SHA256SUMS.sig is the Ed25519 signature (RFC 8032) of SHA256SUMS, and that
 * list, in the form of sha256sum(1), has the file of the version: whoever changes one of the three is found before a machine
 * hears of it. A roll-out takes nothing but what this gives out, and hands the hash on to the machines.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

export const CHECKSUMS = 'SHA256SUMS'
export const SIGNATURE = `${CHECKSUMS}.sig`

declare const verified: unique symbol

/** Made by `verifyRelease` alone. */
export interface VerifiedRelease {
  readonly version: string
  /** Of the file, in hexadecimal. */
  readonly sha256: string
  readonly [verified]: true
}

/** Where the files of a release lie, and whose they must be. */
export interface ReleasePlace {
  readonly folder: string
  /** `{version}` is filled in. */
  readonly file: string
  readonly publicKey: KeyObject
}

/** @throws where it is no public Ed25519 key in PEM. A private one has no business where things are rolled out. */
export function readPublicKey(file: string): KeyObject {
  const text = readFileSync(file, 'utf8')
  if (text.includes('PRIVATE KEY'))
    throw new Error(`${file} is a private key: openssl pkey -in KEY -pubout gives the public half, which belongs here`)
  const key = publicKeyIn(text)
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new Error(`${file} is no public Ed25519 key: openssl pkey -in KEY -pubout prints the one of a release key`)
  return key
}

function publicKeyIn(text: string): KeyObject | undefined {
  try {
    return createPublicKey(text)
  } catch {
    return undefined
  }
}

/** @throws with the sentence for the operator where anything about it is not as it was signed. */
export async function verifyRelease(place: ReleasePlace, version: string): Promise<VerifiedRelease> {
  const { folder, publicKey } = place
  const list = readPart(folder, CHECKSUMS)
  if (!verify(null, list, publicKey, readPart(folder, SIGNATURE)))
    throw new Error(`${SIGNATURE} was not made with the key of release.publicKeyFile, or ${CHECKSUMS} was altered`)
  const name = place.file.replaceAll('{version}', version)
  const listed = list
    .toString('utf8')
    .split('\n')
    .filter(line => line.slice(66) === name)
  const [line = ''] = listed
  if (listed.length !== 1) throw new Error(`${CHECKSUMS} names ${name} ${listed.length} times, not once`)
  const [, sha256] = /^([0-9a-f]{64}) [ *]/.exec(line) ?? []
  if (sha256 === undefined) throw new Error(`${CHECKSUMS} has no SHA-256 for ${name}`)
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(folder, name)), hash)
  if (hash.digest('hex') !== sha256) throw new Error(`${name} was altered: it is not the file that ${CHECKSUMS} names`)
  return { version, sha256 } as VerifiedRelease
}

function readPart(folder: string, name: string): Buffer {
  try {
    return readFileSync(join(folder, name))
  } catch (error) {
    throw new Error(`the release is not signed, or not all of it is here: ${(error as Error).message}`)
  }
}
