import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import type { WebSocket } from 'ws'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'
import { closed, message, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'

let lab: TunnelLab
before(async () => {
  lab = await startTunnelLab()
})
after(() => lab.close())

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex')
const BIG_BYTES = 10 * 1024 * 1024

test('a page with a session opens a WebSocket, and messages pass both ways', async () => {
  const socket = await lab.open('/page', lab.pageFields(await lab.signedIn()))
  socket.send('hello')
  assert.equal((await message(socket)).toString(), 'hello')
  const { request } = await lab.origin.arrived('/page')
  assert.equal(request.headers['x-account'], 'ada')
  assert.doesNotMatch(request.headers.cookie ?? '', /\btorhaus=/, 'the session stays here')
  socket.close(4000, 'done')
  assert.equal(await closed(socket), 4000)
})

test('a message of 10 MB arrives as it was sent, and comes back so', async () => {
  const seen = Promise.withResolvers<string>()
  lab.origin.onSocket(socket =>
    socket.on('message', (data: Buffer) => {
      seen.resolve(sha256(data))
      socket.send(data)
    }),
  )
  const data = randomBytes(BIG_BYTES)
  const socket = await lab.open('/large', lab.token)
  socket.send(data)
  assert.equal(sha256(await message(socket)), sha256(data))
  assert.equal(await seen.promise, sha256(data))
  socket.close()
  await closed(socket)
})

test('subprotocols are offered as the client wrote them, and the one chosen comes back', async () => {
  const socket = await lab.open('/protocols', lab.token, { protocols: ['Bearer', 'a-token', 'signalr'] })
  const { request } = await lab.origin.arrived('/protocols')
  assert.equal(request.headers['sec-websocket-protocol'], 'Bearer,a-token,signalr')
  assert.equal(socket.protocol, 'Bearer')
  socket.terminate()
})

test('extensions are agreed by the two ends', async () => {
  const echo = (socket: WebSocket) => socket.on('message', (data: Buffer) => socket.send(data))
  lab.origin.onSocket(echo)
  const socket = await lab.open('/deflate', lab.token, { perMessageDeflate: true })
  assert.match(socket.extensions, /permessage-deflate/)
  const data = Buffer.alloc(100_000, 'a')
  socket.send(data)
  assert.deepEqual(await message(socket), data)
  socket.close()
  await closed(socket)
  const record = await lab.record('/deflate')
  assert.ok(Number(record['http.request.body.bytes']) < 10_000, 'it was compressed on the way')
})

test('pings and pongs pass in both directions', async () => {
  const fromServer = Promise.withResolvers<WebSocket>()
  lab.origin.onSocket(socket => fromServer.resolve(socket))
  const client = await lab.open('/ping', lab.token)
  const server = await fromServer.promise
  for (const [pinging, name] of [
    [client, 'client'],
    [server, 'server'],
  ] as const) {
    const pong = once(pinging, 'pong')
    pinging.ping(name)
    assert.equal(String((await pong)[0]), name)
  }
  client.terminate()
})

test('the close frame of the server, its code and its end pass', async () => {
  lab.origin.onSocket(socket => socket.close(4321, 'enough'))
  const socket = await lab.open('/server-closes', lab.token)
  assert.equal(await closed(socket), 4321)
  const record = await lab.record('/server-closes')
  assert.deepEqual([record['torhaus.outcome'], record['torhaus.code']], ['forwarded', undefined])
})

test('a tunnel is one record when it closes, and counted while it is open', async () => {
  lab.origin.onSocket(socket => socket.on('message', (data: Buffer) => socket.send(data)))
  const before = await lab.metric('torhaus_tunnels')
  const socket = await lab.open('/recorded', lab.token)
  assert.equal(await lab.metric('torhaus_tunnels'), before + 1)
  assert.equal(
    lab.log.some(entry => entry['url.path'] === '/recorded'),
    false,
  )
  socket.send('x'.repeat(1000))
  await message(socket)
  socket.close()
  await closed(socket)
  const record = await lab.record('/recorded')
  assert.deepEqual(
    ['http.response.status_code', 'torhaus.outcome', 'torhaus.code', 'user.name', 'torhaus.admitted_by'].map(
      name => record[name],
    ),
    [101, 'forwarded', undefined, 'ada', 'second-factor'],
  )
  // 1000 bytes, header and mask there, header back, and a close frame each.
  assert.equal(record['http.request.body.bytes'], 1000 + 8 + 6)
  assert.equal(record['http.response.body.bytes'], 1000 + 4 + 2)
  assert.equal(await lab.metric('torhaus_tunnels'), before)
  assert.ok((await lab.metric('torhaus_responses_total{status_class="1xx"}')) >= 1)
})

test('over TLS on both sides it is the same', async () => {
  const certificate = await createCertificate('IP:127.0.0.1')
  const own = await startTunnelLab({ certificate })
  own.origin.onSocket(socket =>
    socket.on('message', (data: Buffer) => {
      socket.send(data)
      socket.close(4321)
    }),
  )
  const socket = await own.open('/tls', { ...own.token, Origin: `https://127.0.0.1:${own.port}` })
  const data = randomBytes(BIG_BYTES)
  socket.send(data)
  const over = closed(socket)
  assert.equal(sha256(await message(socket)), sha256(data))
  assert.equal(await over, 4321)
  const record = await own.record('/tls')
  assert.deepEqual([record['torhaus.outcome'], record['torhaus.code']], ['forwarded', undefined])
  await own.close()
  await certificate.remove()
})
