/** A release of one small file, signed as those of Torhaus are, in a folder of its own. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ReleasePlace, readPublicKey } from '../../../deploy/roll-out/verify-release.ts'
import { signChecksums, writeChecksums } from '../../../devkit/release/signature.ts'

export interface SignedRelease extends ReleasePlace, Disposable {
  /** With the key it was signed with, or with that of somebody else. */
  sign(keyFile?: string): void
  /** @returns a private key of somebody else, as PEM in a file. */
  foreignKey(): string
}

export async function signedRelease(versions: readonly string[]): Promise<SignedRelease> {
  const work = mkdtempSync(join(tmpdir(), 'torhaus-signed-'))
  const folder = mkdtempSync(join(work, 'dist-'))
  for (const version of versions) writeFileSync(join(folder, `torhaus-${version}.tar`), `content of ${version}`)
  await writeChecksums(folder)
  const newKey = (name: string): string => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(join(work, `${name}.pub`), publicKey.export({ type: 'spki', format: 'pem' }))
    writeFileSync(join(work, name), privateKey.export({ type: 'pkcs8', format: 'pem' }))
    return join(work, name)
  }
  const ownKey = newKey('own')
  const sign = (keyFile = ownKey) => signChecksums(folder, keyFile)
  sign()
  return {
    ...{ folder, file: 'torhaus-{version}.tar', publicKey: readPublicKey(`${ownKey}.pub`), sign },
    foreignKey: () => newKey('foreign'),
    [Symbol.dispose]: () => rmSync(work, { recursive: true, force: true }),
  }
}
