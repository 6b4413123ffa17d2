/**
 * What the lock file lets in: everything by its hash, and nothing that runs while it is installed, or is a program,
 * unless it is listed here.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isKnownBad, knownBad } from '../../devkit/sbom/known-bad.ts'

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly bin?: object
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
}

const ROOT = join(import.meta.dirname, '../..')
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
const packages = Object.entries<Locked>(lock.packages).flatMap(([path, locked]) =>
  path === '' ? [] : [{ name: path.replace(/^.*node_modules\//, ''), ...locked }],
)

/** Commands that nobody calls, but for the runtime itself. */
const MAY_HAVE_COMMANDS = [/^node(-bin)?-(darwin|linux|win)-(arm64|x64)$/, /^(pino|safe-regex2|semver|yaml)$/]
/** Runs nothing that is needed: `npm ci --ignore-scripts` works, for what it would build comes ready-made. */
const MAY_RUN_SCRIPTS = ['esbuild', 'fsevents', 'koffi']
/** What is built for one platform: the runtime, and tools of development. */
const MAY_BE_BINARY = [
  ...[/^node(-bin)?-(darwin|linux|win)-(arm64|x64)$/, /^@koromix\/koffi-[a-z0-9]+-[a-z0-9]+$/],
  ...[/^@biomejs\/cli-[a-z0-9]+-[a-z0-9]+(-musl)?$/, /^@typescript\/typescript-[a-z0-9]+-[a-z0-9]+$/, /^fsevents$/],
  /^@esbuild\/[a-z0-9]+-[a-z0-9]+$/,
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

test('no package is of a version that is known to be bad', () => {
  const bad = packages.flatMap(({ name, version }) =>
    knownBad.flatMap(entry =>
      entry.name === name && isKnownBad(entry, version) ? [`${name} ${version}: ${entry.why}`] : [],
    ),
  )
  assert.deepEqual(bad, [])
})

test('ranges of known-bad versions begin and end where they say', () => {
  const range = { name: 'x', from: '2.0.0', below: '2.10.1', why: '' }
  const versions = ['1.99.0', '2.0.0-beta.1', '2.0.0', '2.9.9', '2.10.0', '2.10.1-rc.1', '2.10.1', '3.0.0']
  assert.deepEqual(
    versions.filter(version => isKnownBad(range, version)),
    ['2.0.0', '2.9.9', '2.10.0', '2.10.1-rc.1'],
  )
  assert.ok(isKnownBad({ name: 'x', why: '' }, '1.0.0'))
  assert.ok(isKnownBad({ name: 'x', exactly: ['1.2.3'], why: '' }, '1.2.3'))
  assert.ok(!isKnownBad({ name: 'x', exactly: ['1.2.3'], why: '' }, '1.2.30'))
})

test('only listed packages of what runs bring commands', () => {
  const unlisted = packages.filter(({ name, bin, dev, devOptional }) => {
    const runs = bin !== undefined && dev !== true && devOptional !== true
    return runs && !MAY_HAVE_COMMANDS.some(known => known.test(name))
  })
  assert.deepEqual(
    unlisted.map(({ name }) => name),
    [],
  )
})

test('only listed packages hold machine code', () => {
  const named = globSync('node_modules/**/*.{node,so,dylib,dll,exe}', { cwd: ROOT })
  // A folder may be called so, too: what is built for Node.
  const files = named.filter(name => statSync(join(ROOT, name)).isFile())
  const owners = new Set(files.map(file => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file))
  assert.deepEqual(
    [...owners].filter(name => !MAY_BE_BINARY.some(known => known.test(name))),
    [],
  )
})

test('the runtime is of one version for every platform', () => {
  const runtimes = packages.filter(({ name }) => /^node(-bin)?-(darwin|linux|win)-/.test(name))
  assert.equal(runtimes.length, 5)
  assert.equal(new Set(runtimes.map(({ version }) => version)).size, 1)
})
