import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { type RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { basic, patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { type BalancerLab, startBalancerLab } from './balancer-lab.ts'

const UPLOAD_BYTES = 50_000_000
const HALF_BYTES = UPLOAD_BYTES / 2
/** Sockets and TLS records on the way hold that much back at most. */
const IN_FLIGHT_BYTES = 15_000_000

const host = 'Host: devops.example.com'

async function send(connection: RawConnection, bytes: Buffer): Promise<void> {
  if (!connection.socket.write(bytes)) await once(connection.socket, 'drain')
}

for (const kind of ['haproxy', 'nginx'] as const) {
  let lab: BalancerLab
  before(async () => {
    lab = await startBalancerLab(kind)
  })
  after(() => lab.close())

  test(`${kind} streams an upload: the server sees the first half before the client sends the second`, async () => {
    const half = randomBytes(HALF_BYTES)
    const connection = await lab.open()
    connection.send(requestText('PUT /upload', [host, patField, `Content-Length: ${UPLOAD_BYTES}`]))
    await send(connection, half)
    await lab.origin.arrived('/upload', HALF_BYTES - IN_FLIGHT_BYTES)
    await send(connection, half)
    const { bytes, sha256 } = JSON.parse((await connection.response()).text)
    assert.deepEqual([bytes, sha256], [UPLOAD_BYTES, createHash('sha256').update(half).update(half).digest('hex')])
    connection.close()
  })

  test(`${kind} streams a response: the client sees the first event before the server sends the second`, async () => {
    const next = Promise.withResolvers<void>()
    lab.origin.answerWith(async (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: first\n\n')
      await next.promise
      response.end('data: second\n\n')
    })
    const connection = await lab.open()
    connection.send(requestText('GET /events', [host, patField]))
    assert.equal((await connection.head()).status, 200)
    while (!connection.unread.includes('first')) await once(connection.socket, 'data')
    assert.ok(!connection.unread.includes('second'))
    next.resolve()
    while (!connection.unread.includes('second')) await once(connection.socket, 'data')
    connection.close()
  })

  test(`${kind} passes a head with a Negotiate token of 64 KiB`, async () => {
    const token = randomBytes(48_000).toString('base64')
    const response = await lab.ask('GET /', [`Authorization: Negotiate ${token}`])
    assert.deepEqual([response.status, response.one('X-Torhaus-Error')], [401, 'negotiate-unavailable'])
  })

  test(`${kind} passes the request target as it came`, async () => {
    const target = '/a//b/%2e%2e/%2F/c%20d;e?f=//g&h=%0a'
    lab.origin.answerWith((_, response) => response.end())
    assert.equal((await lab.ask(`GET ${target}`, [patField])).status, 200)
    assert.equal(lab.origin.requests.at(-1)?.target, target)
  })

  test(`${kind} keeps the connection to a client from request to request`, async () => {
    lab.origin.answerWith((_, response) => response.end('x'))
    const connection = await lab.open()
    for (let count = 0; count < 3; count++) {
      connection.send(requestText('GET /', [host, patField]))
      assert.equal((await connection.response()).text, 'x')
    }
    connection.close()
  })
}

const refused = [host, basic('ada', 'directory password'), 'Content-Length: 1000000', 'Expect: 100-continue']

/** Until a response that is final, or 100. */
async function firstHead(kind: 'haproxy' | 'nginx'): Promise<number> {
  const lab = await startBalancerLab(kind)
  try {
    const connection = await lab.open()
    connection.send(requestText('POST /push', refused))
    const { status } = await connection.head()
    connection.close()
    return status
  } finally {
    await lab.close()
  }
}

test('behind haproxy, a push that is refused is not uploaded', async () => {
  assert.equal(await firstHead('haproxy'), 401)
})

test('behind nginx, the upload of a push that is refused has begun: nginx itself says 100 Continue', async () => {
  assert.equal(await firstHead('nginx'), 100)
})

test('behind haproxy, a push that is welcome gets its 100 Continue from Torhaus', async () => {
  const lab = await startBalancerLab('haproxy')
  try {
    const connection = await lab.open()
    connection.send(requestText('POST /push', [host, patField, 'Content-Length: 4', 'Expect: 100-continue']))
    assert.equal((await connection.head()).status, 100)
    connection.send('pack')
    assert.equal(JSON.parse((await connection.response()).text).text, 'pack')
    connection.close()
  } finally {
    await lab.close()
  }
})
