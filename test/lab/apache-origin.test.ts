import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type ApacheOrigin, STATIC_BYTES, startApacheOrigin } from '../../devkit/realm/apache-origin.ts'
import { curlNegotiate, gitNegotiate, type KerberosClient, kinit } from '../../devkit/realm/clients.ts'
import { openConnection } from '../../devkit/realm/get-on-connection.ts'
import { type Initiator, startInitiator } from '../../devkit/realm/initiator.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'

let kdc: SambaKdc
let origin: ApacheOrigin
let initiator: Initiator
let alice: KerberosClient
let bob: KerberosClient
const stops: (() => Promise<void>)[] = []

before(async () => {
  kdc = await startSambaKdc()
  stops.push(kdc.close)
  origin = await startApacheOrigin({ kdc })
  stops.push(origin.close)
  initiator = await startInitiator(kdc)
  stops.push(initiator.close)
  alice = await kinit(kdc, 'alice')
  bob = await kinit(kdc, 'bob')
})

after(async () => {
  for (const stop of stops.reverse()) await stop()
})

const HOSTS = ['perRequest', 'connectionBound'] as const
const ALICE = '{"account":"alice@CORP.TEST"}\n'
const BOB = '{"account":"bob@CORP.TEST"}\n'

for (const name of HOSTS) {
  test(`curl with Kerberos reaches the ${name} host as alice, for content, uploads and streams`, async () => {
    const { url, resolve } = origin[name]
    const get = (path: string, ...args: string[]) => curlNegotiate(alice, url + path, { resolve: [resolve], args })
    assert.equal((await get('/whoami')).body, ALICE)
    assert.equal((await get('/static')).body.length, STATIC_BYTES)
    assert.equal((await get('/stream')).body, 'alice@CORP.TEST\n'.repeat(10))
    const { status, body } = await get('/upload', '--data-binary', `@${process.execPath}`)
    assert.deepEqual({ status, body }, { status: 200, body: ALICE })
  })
}

test('git with Kerberos clones, and pushes under the name of who pushed', async () => {
  const { url, resolve } = origin.perRequest
  const clone = join(kdc.directory, 'clone')
  const git = async (args: string[], cwd?: string) => {
    const { code, stderr } = await gitNegotiate(alice, args, { resolve: [resolve], ...(cwd ? { cwd } : {}) })
    assert.equal(code, 0, stderr)
  }
  await git(['clone', `${url}/git/demo.git`, clone])
  assert.equal(await readFile(join(clone, 'README.md'), 'utf8'), 'demo\n')
  await git(['commit', '--allow-empty', '--message', 'second'], clone)
  await git(['push', 'origin', 'main'], clone)
  assert.match(await readFile(join(origin.gitRoot, 'demo.git/logs/refs/heads/main'), 'utf8'), / alice@CORP\.TEST </)
})

test('a request without credentials gets 401 with Negotiate on either host', async () => {
  for (const name of HOSTS) {
    using connection = openConnection(origin[name])
    const { status, headers } = await connection.get('/whoami')
    assert.equal(status, 401)
    assert.match(headers['www-authenticate'] ?? '', /^Negotiate\b/)
  }
})

test('the connection-bound host serves a request without credentials as whoever used the connection before', async () => {
  // The reason why upstream connections are keyed by (upstream, principal): RFC 4559 6 forbids a proxy to share them.
  using connection = openConnection(origin.connectionBound)
  assert.equal((await connection.get('/whoami', await negotiate(alice))).body, ALICE)
  const leak = await connection.get('/whoami')
  assert.deepEqual([leak.reused, leak.status, leak.body], [true, 200, ALICE])
})

test('the per-request host forgets: the same connection serves alice, refuses, then serves bob', async () => {
  using connection = openConnection(origin.perRequest)
  assert.equal((await connection.get('/whoami', await negotiate(alice))).body, ALICE)
  const anonymous = await connection.get('/whoami')
  assert.deepEqual([anonymous.reused, anonymous.status], [true, 401])
  assert.equal((await connection.get('/whoami', await negotiate(bob))).body, BOB)
})

test('the origin refuses a token it has seen before', async () => {
  const token = await negotiate(alice)
  using connection = openConnection(origin.perRequest)
  assert.equal((await connection.get('/whoami', token)).status, 200)
  assert.equal((await connection.get('/whoami', token)).status, 401)
})

test('the initiator reports what GSSAPI says and goes on with the next account', async () => {
  const request = { spn: 'HTTP@nowhere.corp.test', ccache: alice.ccache }
  await assert.rejects(initiator.negotiateToken(request), /Server not found in Kerberos database/)
  using connection = openConnection(origin.perRequest)
  assert.equal((await connection.get('/whoami', await negotiate(bob))).body, BOB)
})

test('the access log says which account each connection served', async () => {
  const { url, resolve } = origin.perRequest
  await curlNegotiate(bob, `${url}/whoami?logged`, { resolve: [resolve] })
  const lines = (await readFile(origin.accessLog, 'utf8')).trim().split('\n')
  const last: unknown = JSON.parse(lines.at(-1) ?? '')
  assert.ok(typeof last === 'object' && last !== null && 'clientPort' in last)
  const { clientPort, ...rest } = last
  assert.ok(Number(clientPort) > 0)
  const expected = {
    port: origin.perRequest.port,
    account: 'bob@CORP.TEST',
    status: 200,
    method: 'GET',
    path: '/whoami',
  }
  assert.deepEqual(rest, expected)
})

test('a closed origin leaves no process and no file', async () => {
  const other = await startApacheOrigin({ kdc })
  await other.close()
  assert.throws(() => process.kill(other.pid, 0), { code: 'ESRCH' })
  await assert.rejects(runCommand('ls', [other.directory]), /No such file/)
})

async function negotiate(client: KerberosClient): Promise<string> {
  return `Negotiate ${await initiator.negotiateToken({ spn: 'HTTP@devops.corp.test', ccache: client.ccache })}`
}
