import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type DemoProcess, runDemo } from '../../devkit/demo/demo-process.ts'
import { jsonMember } from '../../devkit/op/json-member.ts'
import { runGit, withCredentials } from '../../devkit/origin/git-client.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'

/** The demo's own temporary folder is made in here, so that the tests see whether it goes. */
let directory: string
let demo: DemoProcess
let facts: unknown

const fact = (name: string) => String(jsonMember(facts, name))

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-demo-test-'))
  const [port, adminPort] = await freePorts()
  demo = runDemo(['--json'], { PORT: `${port}`, ADMIN_PORT: `${adminPort}`, TMPDIR: directory })
  const line = await demo.firstLine
  if (line === '') assert.fail((await demo.ended).stderr)
  facts = JSON.parse(line)
})
after(async () => {
  demo.child.kill('SIGTERM')
  await demo.ended
  await rm(directory, { recursive: true, force: true })
})

async function whoami(authorization: string): Promise<[status: number, account: unknown]> {
  const response = await fetch(fact('whoami'), { headers: { authorization } })
  const content = await response.text()
  return [response.status, response.ok ? jsonMember(JSON.parse(content), 'account') : undefined]
}

test('one JSON line says all there is to know, by the names agreed', () => {
  const names = [
    'proxy',
    'admin',
    'issuer',
    'user',
    'password',
    'totpSecret',
    'pat',
    'bearer',
    'expiredBearer',
    'gitUrl',
  ]
  assert.deepEqual(Object.keys(Object(facts)), [...names, 'whoami', 'originRequests'])
})

test('the bearer token and the personal access token arrive as the user, an expired token does not', async () => {
  const basic = Buffer.from(`:${fact('pat')}`).toString('base64')
  assert.deepEqual(await whoami(`Bearer ${fact('bearer')}`), [200, fact('user')])
  assert.deepEqual(await whoami(`Basic ${basic}`), [200, fact('user')])
  assert.deepEqual(await whoami(`Bearer ${fact('expiredBearer')}`), [401, undefined])
})

test('git clones through the proxy with the personal access token', async () => {
  const remote = withCredentials(fact('gitUrl'), fact('user'), fact('pat'))
  const clone = await runGit(['clone', '--quiet', remote, 'clone'], { directory })
  assert.equal(clone.status, 0, clone.stderr)
  assert.ok((await readdir(join(directory, 'clone'))).includes('README.md'))
})

test('made-up tokens reach nothing, not even what the server shows to anybody; the real one is read once', async () => {
  const seen = async (): Promise<Record<string, number>> => Object(await (await fetch(fact('originRequests'))).json())
  const get = async (path: string, token: string) => {
    const authorization = `Basic ${Buffer.from(`:${token}`).toString('base64')}`
    const response = await fetch(fact('proxy') + path, { headers: { authorization } })
    await response.text()
    return response.status
  }
  const [page, read, whoamiPath] = [
    '/DefaultCollection/public',
    '/DefaultCollection/_apis/connectionData',
    '/DefaultCollection/_apis/whoami',
  ]
  // It was shown to the server before, by the tests above.
  assert.deepEqual([await get(whoamiPath, fact('pat')), (await seen())[read]], [200, 1])
  for (let n = 0; n < 50; n++) {
    const letters = [...n.toString(4)].map(digit => 'bcde'.charAt(Number(digit))).join('')
    assert.equal(await get(page, letters.padStart(52, 'a')), 401)
  }
  const before = await seen()
  assert.deepEqual([before[page], before[read]], [undefined, 51])
  for (let n = 0; n < 1000; n++) assert.equal(await get(whoamiPath, fact('pat')), 200)
  assert.equal((await seen())[read], 51)
  assert.equal(await get(page, fact('pat')), 200)
  const asPerson = await fetch(fact('proxy') + page, { headers: { authorization: `Bearer ${fact('bearer')}` } })
  assert.equal(await asPerson.text(), 'A public project.\n')
})

test('SIGTERM ends it with status 0 and leaves no listener and no file', async () => {
  demo.child.kill('SIGTERM')
  const { status, stdout } = await demo.ended
  assert.equal(status, 0)
  assert.equal(stdout.trimEnd().split('\n').length, 1)
  for (const name of ['proxy', 'admin', 'issuer', 'originRequests']) {
    await assert.rejects(fetch(fact(name)), TypeError, `${name} still answers`)
  }
  assert.deepEqual(
    (await readdir(directory)).filter(name => name.startsWith('torhaus-demo-')),
    [],
  )
})
