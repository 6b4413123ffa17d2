/**
 * What the lock file lets in: everything by its hash, and nothing that runs while it is installed, or is a program,
 * unless it is listed here.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
}

const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8'))
const packages = Object.entries<Locked>(lock.packages).flatMap(([path, locked]) =>
  path === '' ? [] : [{ name: path.replace(/^.*node_modules\//, ''), ...locked }],
)

/** Runs nothing that is needed: `npm ci --ignore-scripts` works, for what it would build comes ready-made. */
const MAY_RUN_SCRIPTS = ['fsevents', 'koffi']
/** What is built for one platform: the runtime, the bridge to GSSAPI, and tools of development. */
const MAY_BE_BINARY = [
  ...[/^node(-bin)?-(darwin|linux|win)-(arm64|x64)$/, /^@koromix\/koffi-[a-z0-9]+-[a-z0-9]+$/],
  ...[/^@biomejs\/cli-[a-z0-9]+-[a-z0-9]+(-musl)?$/, /^@typescript\/typescript-[a-z0-9]+-[a-z0-9]+$/, /^fsevents$/],
]

test('every package has a hash', () => {
  assert.ok(packages.length > 100)
  assert.deepEqual(
    packages.filter(({ integrity = '' }) => !integrity.startsWith('sha512-')).map(({ name }) => name),
    [],
  )
})

test('only listed packages run a script while they are installed', () => {
  const unlisted = packages.filter(({ name, hasInstallScript }) => hasInstallScript && !MAY_RUN_SCRIPTS.includes(name))
  assert.deepEqual(
    unlisted.map(({ name }) => name),
    [],
  )
})

test('only listed packages are built for a platform', () => {
  const unlisted = packages.filter(
    ({ name, os, cpu }) => (os !== undefined || cpu !== undefined) && !MAY_BE_BINARY.some(known => known.test(name)),
  )
  assert.deepEqual(
    unlisted.map(({ name }) => name),
    [],
  )
})

test('the runtime is of one version for every platform', () => {
  const runtimes = packages.filter(({ name }) => /^node(-bin)?-(darwin|linux|win)-/.test(name))
  assert.equal(runtimes.length, 5)
  assert.equal(new Set(runtimes.map(({ version }) => version)).size, 1)
})
