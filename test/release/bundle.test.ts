/** What is shipped runs as the sources do: the bundle, with no package beside it but those that stay outside of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { bundle, dropSources } from '../../devkit/build/bundle.ts'
import { tryCommand } from '../../devkit/realm/run-command.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** Commands, supervisor, workers, reload, sign-in, tokens, sign-out: what a bundle could have lost part of. */
const ESSENTIAL = [
  ...['test/cli/start.test.ts', 'test/cli/wrong-configurations.test.ts', 'test/policy/explain.test.ts'],
  ...['test/workers/early-signals.test.ts', 'test/workers/reload.test.ts', 'test/workers/workers.test.ts'],
  ...['test/workers/stop.test.ts'],
]
const TIMEOUT_MS = 720_000
const tree = mkdtempSync(join(tmpdir(), 'torhaus-bundle-test-'))
after(() => rmSync(tree, { recursive: true, force: true }))

/** A tree with the packages of what runs. */
function copyTree(folder: string): void {
  for (const name of ['bin', 'config', 'deploy', 'middleware', 'src', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  for (const [path, { dev }] of Object.entries<{ readonly dev?: boolean }>(lock.packages))
    if (path !== '' && dev !== true && existsSync(join(ROOT, path))) place(path, folder)
}

/** Node is large, and nothing of it goes into a bundle. */
function place(path: string, folder: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  if (path.startsWith('node_modules/node-')) symlinkSync(join(ROOT, path), join(folder, path))
  else cpSync(join(ROOT, path), join(folder, path), { recursive: true })
}

before(async () => {
  // Some tests run it as another account.
  chmodSync(tree, 0o755)
  copyTree(tree)
  await bundle(tree, join(tree, 'dist'))
  dropSources(tree)
})

test('the essential part of the tests holds of the bundle, too', async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=tap', ...ESSENTIAL], {
    cwd: ROOT,
    env: { ...env, TORHAUS_BUNDLE: tree },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIMEOUT_MS,
  })
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  assert.equal(
    code,
    0,
    said
      .split('\n')
      .filter(line => /^\s*(not ok|error:)/.test(line))
      .join('\n'),
  )
  assert.ok(Number(/^# pass (\d+)$/m.exec(said)?.[1]) > 20, said.slice(-500))
})

test('a stack trace names the sources', async () => {
  const { stderr } = await tryCommand(
    process.execPath,
    ['--input-type=module', '--eval', TRACE, join(tree, 'dist/main.js')],
    { env: process.env },
  )
  assert.match(stderr, /\bsrc\/process\/worker\.ts:\d+/)
})

/** Without a supervisor to listen to, a worker fails at once. */
const TRACE = `import cluster from 'node:cluster'
cluster.isWorker = true
process.on = name => { if (name === 'message') throw new Error('here') }
await import(process.argv[1])`

test('the same tree gives the same bundle, wherever it lies', async () => {
  const digest = (folder: string) => {
    const hash = createHash('sha256')
    for (const name of globSync('*', { cwd: folder }).sort()) hash.update(name).update(readFileSync(join(folder, name)))
    return hash.digest('hex')
  }
  const copy = join(tree, 'copy')
  copyTree(copy)
  await bundle(copy, join(copy, 'dist'))
  assert.equal(digest(join(copy, 'dist')), digest(join(tree, 'dist')))
  appendFileSync(join(copy, 'src/exit-codes.ts'), 'console.log(1)\n')
  await bundle(copy, join(copy, 'dist'))
  assert.notEqual(digest(join(copy, 'dist')), digest(join(tree, 'dist')))
})
