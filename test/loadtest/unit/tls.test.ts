import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { listen } from '../../../devkit/op/listen.ts'
import { type HandshakeOrder, openEach } from '../../../loadtest/generators/handshakes.ts'
import { agreedTls } from '../../../loadtest/generators/tls-check.ts'
import { createLabTls, type LabTls } from '../../../loadtest/lab/tls.ts'

const CONTENT = 'x'.repeat(1024)
const CONCURRENCY = 4

function newTls(t: TestContext): LabTls {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-load-tls-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const tls = createLabTls(directory, 'client')
  assert.ok(tls !== undefined)
  return tls
}

async function startServer(t: TestContext, { certificateFile, privateKeyFile }: LabTls): Promise<number> {
  const files = { cert: readFileSync(certificateFile), key: readFileSync(privateKeyFile) }
  const server = createServer(files, (_, response) => response.end(CONTENT))
  t.after(() => server.close())
  return listen(server, '127.0.0.1', 0)
}

function orderOf(port: number, { ca }: LabTls, sessions?: readonly string[]): HandshakeOrder {
  const request = { method: 'GET', target: '/', fields: {}, responseBytes: CONTENT.length } as const
  return { port, ca, count: 20, concurrency: CONCURRENCY, requests: [request], sessions }
}

test('new connections are full handshakes, and with the sessions of those resumed ones', async t => {
  const tls = newTls(t)
  const port = await startServer(t, tls)
  const full = await openEach(orderOf(port, tls), t.signal)
  assert.deepEqual([full.errors, full.problems, full.latenciesMs.length], [0, [], 20])
  assert.equal(full.sessions.length, CONCURRENCY)
  const resumed = await openEach(orderOf(port, tls, full.sessions), t.signal)
  assert.deepEqual([resumed.errors, resumed.problems, resumed.latenciesMs.length], [0, [], 20])
})

test('a handshake that should have been resumed and was not is an error', async t => {
  const tls = newTls(t)
  const { sessions } = await openEach(orderOf(await startServer(t, tls), tls), t.signal)
  const order = { ...orderOf(await startServer(t, tls), tls, sessions), count: CONCURRENCY }
  const { errors, problems } = await openEach(order, t.signal)
  assert.deepEqual([errors, problems], [CONCURRENCY, ['not resumed']])
})

test('an answer of another length, and a certificate of another authority, are errors', async t => {
  const tls = newTls(t)
  const port = await startServer(t, tls)
  const { requests, ...order } = orderOf(port, tls)
  const longer = requests.map(request => ({ ...request, responseBytes: 2000 }))
  const wrong = await openEach({ ...order, requests: longer }, t.signal)
  assert.deepEqual([wrong.errors, wrong.problems], [20, ['HTTP/1.1 200 OK, 1024 bytes']])
  const other = newTls(t)
  const refused = await openEach(orderOf(port, other), t.signal)
  assert.equal(refused.errors, 20)
  assert.match(refused.problems.join(), /certificate/)
  await assert.rejects(agreedTls(port, other), /certificate/)
})

test('what was agreed on is told with version, suite and group', async t => {
  const tls = newTls(t)
  assert.match(await agreedTls(await startServer(t, tls), tls), /^TLSv1\.3 TLS_AES_256_GCM_SHA384 X25519$/)
})

test('without TLS there is no certificate', () => {
  assert.equal(createLabTls('/nowhere', 'none'), undefined)
})
