import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { curlNegotiate, gitNegotiate } from '../../devkit/realm/clients.ts'
import { type CommandResult, runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { basic, bearer, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const PUSH_MIB = 100
const PUSH_TIMEOUT_MS = 540_000

let lab: ProxyLab
let proxy: LabProxy
/** Offers git no Negotiate: with it, git would not try the password it was given. */
let gitBasicProxy: LabProxy

before(async () => {
  lab = await startProxyLab()
  proxy = await lab.proxy()
  gitBasicProxy = await lab.proxy({
    configure: config => ({
      ...config,
      credentials: { ...config.credentials, offerRules: [{ clientClasses: ['git'], offer: ['Bearer', 'Basic'] }] },
    }),
  })
})
after(() => lab.close())

const reflog = () => readFile(join(lab.apache.gitRoot, 'demo.git/logs/refs/heads/main'), 'utf8')
const lastPusher = async () => / (\S+@CORP\.TEST) </.exec((await reflog()).trim().split('\n').at(-1) ?? '')?.[1]

function assertSucceeded({ code, stderr }: CommandResult): void {
  assert.equal(code, 0, stderr)
}

test('curl --negotiate arrives at Apache as its user, with content and without', async () => {
  const alice = await lab.client('alice')
  const get = (path: string, ...args: string[]) =>
    curlNegotiate(alice, proxy.url + path, { resolve: [proxy.resolve], args })
  assert.equal((await get('/whoami')).body, seenAs('alice'))
  // Larger than what curl sends without `Expect: 100-continue`.
  assert.equal((await get('/upload', '--data-binary', `@${process.execPath}`)).body, seenAs('alice'))
  assert.equal((await get('/stream')).body, 'alice@CORP.TEST\n'.repeat(10))
})

test('curl verifies the token by which the proxy proves itself, and finds no fault', async () => {
  const alice = await lab.client('alice')
  const { stderr, status } = await curlNegotiate(alice, `${proxy.url}/whoami`, {
    resolve: [proxy.resolve],
    args: ['--verbose'],
  })
  assert.equal(status, 200)
  const [, token = ''] = /< WWW-Authenticate: Negotiate (\S+)/.exec(stderr) ?? []
  // RFC 4178 4.2.2: negTokenResp [1] around an AP-REP, [APPLICATION 15] (RFC 4120 5.5.2).
  const octets = Buffer.from(token, 'base64')
  assert.equal(octets[0], 0xa1)
  assert.ok(octets.includes(Buffer.from('06092a864886f71201020202006f', 'hex')), 'no AP-REP in the reply')
  assert.doesNotMatch(stderr, /gss_init_sec_context\(\) failed|Authentication problem/)
})

test(`git with Kerberos clones and pushes ${PUSH_MIB} MiB as its user`, async () => {
  const alice = await lab.client('alice')
  const clone = join(lab.kdc.directory, 'clone')
  const git = (args: string[], cwd?: string) =>
    gitNegotiate(alice, args, { resolve: [proxy.resolve], timeoutMs: PUSH_TIMEOUT_MS, ...(cwd ? { cwd } : {}) })
  assertSucceeded(await git(['clone', `${proxy.url}/git/demo.git`, clone]))
  // Does not compress, so as many bytes travel.
  await runCommand('dd', ['if=/dev/urandom', `of=${join(clone, 'large')}`, 'bs=1M', `count=${PUSH_MIB}`])
  assertSucceeded(await git(['add', 'large'], clone))
  assertSucceeded(await git(['commit', '--quiet', '--message', 'large'], clone))
  assertSucceeded(await git(['push', 'origin', 'main'], clone))
  assert.equal(await lastPusher(), 'alice@CORP.TEST')
  const pushed = await proxy.logged(
    record => record['http.request.method'] === 'POST' && Number(record['http.request.body.bytes']) > PUSH_MIB << 20,
  )
  assert.equal(pushed['user.name'], 'alice')
})

test('git with a directory password pushes as that user, where Negotiate is not offered to git', async () => {
  const clone = join(lab.kdc.directory, 'clone-of-bob')
  const { resolve, url } = gitBasicProxy
  const remote = `${url.replace('//', `//bob:${lab.kdc.passwordOf('bob')}@`)}/git/demo.git`
  const env = { PATH: process.env.PATH, HOME: lab.kdc.directory, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  const settings = [`http.curloptResolve=${resolve}`, 'user.name=Bob', 'user.email=bob@corp.test', 'gc.auto=0']
  const git = async (args: string[], cwd = lab.kdc.directory) =>
    assertSucceeded(await tryCommand('git', [...settings.flatMap(s => ['-c', s]), ...args], { env, cwd }))
  await git(['clone', '--depth=1', remote, clone])
  await git(['commit', '--quiet', '--allow-empty', '--message', 'from bob'], clone)
  await git(['push', 'origin', 'main'], clone)
  assert.equal(await lastPusher(), 'bob@CORP.TEST')
})

test('an access token of the OP arrives as the Windows account, as Bearer and as a password', async () => {
  const token = await proxy.bearerOf('alice')
  assert.equal((await proxy.ask('/whoami', { headers: bearer(token) })).body, seenAs('alice'))
  assert.equal((await proxy.ask('/whoami', { headers: basic('anything', token) })).body, seenAs('alice'))
  assert.equal((await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf('CORP\\Bob')) })).body, seenAs('bob'))
})

test('a large upload without Content-Length arrives whole and under the right name', async () => {
  const alice = await lab.client('alice')
  const args = ['--header', 'Transfer-Encoding: chunked', '--upload-file', process.execPath, '--request', 'POST']
  const { body } = await curlNegotiate(alice, `${proxy.url}/upload`, { resolve: [proxy.resolve], args })
  assert.equal(body, seenAs('alice'))
  let bytes = 0
  for await (const chunk of createReadStream(process.execPath)) bytes += (chunk as Buffer).length
  await proxy.logged(record => record['url.path'] === '/upload' && record['http.request.body.bytes'] === bytes)
})
