/** Each of deploy/examples/ starts with its one command, lets in whom it should, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { EXAMPLES } from '../../devkit/examples/example-files.ts'
import type { ExampleFacts } from '../../devkit/examples/start-example.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'

const ROOT = join(import.meta.dirname, '../..')
const PROGRAM = join(ROOT, 'devkit/examples/main.ts')

test('each folder is an example with a page, and the page of deploy/ names it', async () => {
  const folders = await readdir(join(ROOT, 'deploy/examples'))
  assert.deepEqual(folders.sort(), Object.keys(EXAMPLES).sort())
  const page = await readFile(join(ROOT, 'deploy/README.md'), 'utf8')
  for (const name of folders) {
    assert.ok(page.includes(`(examples/${name}/)`), name)
    assert.match(await readFile(join(ROOT, 'deploy/examples', name, 'README.md'), 'utf8'), /npm run example -- /)
  }
})

for (const [name, { instances }] of Object.entries(EXAMPLES)) {
  test(`${name} starts with one command, lets a second factor and a token pass, and nobody else`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'torhaus-examples-test-'))
    const child = spawn(process.execPath, [PROGRAM, name, '--json'], {
      env: { ...process.env, PORT: `${await freePort()}`, TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stderr = text(child.stderr)
    const ended = new Promise(resolve => child.once('exit', resolve))
    try {
      const line = await firstLine(child)
      if (line === '') assert.fail(await stderr)
      const facts: ExampleFacts = JSON.parse(line)
      assert.deepEqual(await whoami(facts, {}), [401, undefined])
      assert.deepEqual(await whoami(facts, { authorization: `Bearer ${facts.bearer}` }), [200, facts.user])
      const pat = Buffer.from(`:${facts.pat}`).toString('base64')
      assert.deepEqual(await whoami(facts, { authorization: `Basic ${pat}` }), [200, facts.user])
      assert.equal(facts.admins.length, instances)
      for (const admin of facts.admins) assert.equal((await fetch(`${admin}/readyz`)).status, 200)
      child.kill('SIGTERM')
      assert.equal(await ended, 0)
      assert.deepEqual(await readdir(directory), [])
    } finally {
      child.kill('SIGTERM')
      await ended
      await rm(directory, { recursive: true, force: true })
    }
  })
}

function firstLine({ stdout }: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    let line = ''
    stdout?.on('data', chunk => {
      line += chunk
      if (line.includes('\n')) resolve(line.slice(0, line.indexOf('\n')))
    })
    stdout?.once('end', () => resolve(''))
  })
}

async function whoami(
  facts: ExampleFacts,
  headers: Record<string, string>,
): Promise<[status: number | undefined, account: unknown]> {
  const ca = await readFile(facts.certificateFile, 'utf8')
  const asked = request(facts.whoami, { ca, headers, agent: false })
  const { promise, resolve, reject } = Promise.withResolvers<[number | undefined, unknown]>()
  asked.once('error', reject)
  asked.once('response', response => {
    text(response).then(content => {
      const account = response.statusCode === 200 ? JSON.parse(content).account : undefined
      resolve([response.statusCode, account])
    }, reject)
  })
  asked.end()
  return promise
}
