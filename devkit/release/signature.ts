/** SHA-256 of every file of a release, in the form of sha256sum(1), and a detached Ed25519 signature of that list. */
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CHECKSUMS, SIGNATURE } from '../../deploy/roll-out/verify-release.ts'

export async function writeChecksums(folder: string): Promise<void> {
  const lines: string[] = []
  for (const name of readdirSync(folder).sort()) {
    if (name === CHECKSUMS || name === SIGNATURE) continue
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(folder, name)), hash)
    lines.push(`${hash.digest('hex')}  ${name}\n`)
  }
  writeFileSync(join(folder, CHECKSUMS), lines.join(''))
}

/** `openssl pkeyutl -verify -pubin -inkey KEY -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig` verifies it. */
export function signChecksums(folder: string, keyFile: string): void {
  const key = createPrivateKey(readFileSync(keyFile))
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`${keyFile} is no Ed25519 key: make one with openssl genpkey -algorithm ed25519`)
  writeFileSync(join(folder, SIGNATURE), sign(null, readFileSync(join(folder, CHECKSUMS)), key))
}
