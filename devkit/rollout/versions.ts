/** Versions of this tree for a roll-out: what is shipped, copied, under another number, and broken where asked for. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../..')
const SHIPPED = ['bin', 'config', 'middleware', 'src', 'package.json'] as const

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

export function makeVersion(releases: string, version: string, flaw?: Flaw): void {
  const folder = join(releases, version)
  mkdirSync(folder, { recursive: true })
  for (const name of SHIPPED) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  // Packages find one another from where they really lie.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  change(join(folder, 'package.json'), /"version": "[^"]+"/, `"version": "${version}"`)
  if (flaw === undefined) return
  const { file, from, to } = FLAWS[flaw]
  change(join(folder, file), from, to)
}

function change(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(from, () => to)
  if (changed === text) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, changed)
}
