/** Releases of this tree for a roll-out: what is shipped, packed and signed, under another number, and broken where asked for. */
import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runCommand } from '../realm/run-command.ts'
import { signChecksums, writeChecksums } from '../release/signature.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SHIPPED = ['bin', 'config', 'middleware', 'src', 'package.json'] as const
const TORHAUS_RELEASE = join(ROOT, 'deploy/two-machines/torhaus-release')

/**
 * How a version may be broken. All of them are found before it gets a request.
 *
 * - `does-not-start`: ends at once
 * - `never-ready`: starts, and is never ready
 * - `refuses-all`: is ready, and fails each request that it should pass on
 */
export const FLAWS = {
  'does-not-start': { file: 'src/main.ts', from: 'import cluster', to: 'process.exit(1)\nimport cluster' },
  'never-ready': { file: 'src/process/worker.ts', from: "case 'start':", to: "case 'start':\n        return\n" },
  'refuses-all': {
    file: 'middleware/map-identity.ts',
    from: 'return admitted => {',
    to: "return admitted => {\n    if (admitted) throw new Error('broken')",
  },
} as const

export type Flaw = keyof typeof FLAWS

export const isFlaw = (name: string): name is Flaw => Object.hasOwn(FLAWS, name)

export interface MadeVersion {
  readonly version: string
  readonly flaw?: Flaw | undefined
}

/** Files of releases, with checksums and signature, as `plan.release` names them. */
export interface MadeReleases {
  readonly folder: string
  readonly file: string
  readonly publicKeyFile: string
}

export async function makeReleases(folder: string, versions: readonly MadeVersion[]): Promise<MadeReleases> {
  mkdirSync(folder, { recursive: true })
  for (const made of versions) await packVersion(folder, made)
  await writeChecksums(folder)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keyFile = join(folder, 'release-key.pem')
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  signChecksums(folder, keyFile)
  rmSync(keyFile)
  const publicKeyFile = join(folder, 'release-key.pub')
  writeFileSync(publicKeyFile, publicKey.export({ type: 'spki', format: 'pem' }))
  return { folder, file: 'torhaus-{version}-linux-x64.tar', publicKeyFile }
}

/** As the first one comes onto a machine, into a folder of its own. @returns that folder. */
export async function installVersion(made: MadeReleases, version: string, releases: string): Promise<string> {
  const env = { ...process.env, TORHAUS_RELEASES: releases }
  await runCommand(TORHAUS_RELEASE, ['install', join(made.folder, made.file.replace('{version}', version))], { env })
  return join(releases, version)
}

async function packVersion(folder: string, { version, flaw }: MadeVersion): Promise<void> {
  const top = `torhaus-${version}-linux-x64`
  const staged = join(folder, top)
  mkdirSync(staged)
  for (const name of SHIPPED) cpSync(join(ROOT, name), join(staged, name), { recursive: true })
  // Packages find one another from where they really lie.
  symlinkSync(join(ROOT, 'node_modules'), join(staged, 'node_modules'))
  change(join(staged, 'package.json'), /"version": "[^"]+"/, `"version": "${version}"`)
  if (flaw !== undefined) change(join(staged, FLAWS[flaw].file), FLAWS[flaw].from, FLAWS[flaw].to)
  await runCommand('tar', ['-C', folder, '-cf', `${staged}.tar`, top])
  rmSync(staged, { recursive: true })
}

function change(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(from, () => to)
  if (changed === text) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, changed)
}
