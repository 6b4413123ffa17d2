import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import type { Handshake } from '../../devkit/origin/web-socket-origin.ts'
import { ACCEPT, closed, message, Refused, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'

let lab: TunnelLab
before(async () => {
  lab = await startTunnelLab()
})
after(() => lab.close())

const ANSWER =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`

/** A raw tunnel: both ends, bare. `early`: what the server sends together with its 101. */
async function rawTunnel(path: string, { sent = '', early = '' } = {}) {
  lab.origin.onHandshake(({ socket }) => socket.write(ANSWER + early))
  const client = await lab.handshake(path, undefined, sent)
  const { status, fields } = await client.head()
  assert.equal(status, 101)
  return { client, fields, server: await lab.origin.arrived(path) }
}

async function received(server: Handshake, text: string): Promise<void> {
  while (server.received !== text) await once(server.socket, 'data', { signal: AbortSignal.timeout(60_000) })
}

const outcomeOf = async (path: string) => {
  const record = await lab.record(path)
  return [record['torhaus.outcome'], record['torhaus.code']]
}

test('what either side sends too early arrives, once and in order', async () => {
  const { client, server } = await rawTunnel('/early', { sent: 'one ', early: 'first ' })
  client.send('two')
  server.socket.write('second')
  assert.equal((await client.bytes(12)).toString(), 'first second')
  await received(server, 'one two')
  client.close()
})

test('what a client sends while the server thinks waits, and arrives', async () => {
  const think = Promise.withResolvers<void>()
  lab.origin.onHandshake(async ({ socket }) => {
    await think.promise
    socket.write(ANSWER)
  })
  const client = await lab.handshake('/thinks', undefined, 'a')
  const server = await lab.origin.arrived('/thinks')
  const much = 'b'.repeat(1024 * 1024)
  client.send(much)
  await new Promise(resolve => setTimeout(resolve, 50))
  think.resolve()
  assert.equal((await client.head()).status, 101)
  await received(server, `a${much}`)
  client.close()
})

test('the 101 has the fields of the server but hop-by-hop ones, and ours', async () => {
  lab.origin.onHandshake(({ socket }) => {
    socket.write(ANSWER.replace('\r\n\r\n', '\r\nAlt-Svc: h3\r\nSet-Cookie: a=1\r\nX-Request-Id: theirs\r\n\r\n'))
  })
  const client = await lab.handshake('/fields')
  const { fields } = await client.head()
  const known = Object.fromEntries(fields)
  assert.match(known['X-Request-Id'] ?? '', /^[0-9a-f-]{36}$/)
  const { 'X-Request-Id': _, Date: __, ...rest } = known
  assert.deepEqual(rest, {
    ...{ 'Sec-WebSocket-Accept': ACCEPT, 'Set-Cookie': 'a=1' },
    ...{ Connection: 'Upgrade', Upgrade: 'websocket' },
  })
  client.close()
})

test('when the server ends, what it sent before arrives, and both sides close', async () => {
  const { client, server } = await rawTunnel('/server-ends')
  server.socket.end('bye')
  assert.equal((await client.rest()).toString(), 'bye')
  client.socket.end()
  assert.deepEqual(await outcomeOf('/server-ends'), ['forwarded', undefined])
  assert.ok(server.socket.readableEnded)
})

test('when the client ends, the server may still finish', async () => {
  const { client, server } = await rawTunnel('/client-ends')
  server.socket.removeAllListeners('end')
  client.send('last')
  client.socket.end()
  await once(server.socket, 'end')
  assert.equal(server.received, 'last')
  server.socket.end('and the answer')
  assert.equal((await client.rest()).toString(), 'and the answer')
  assert.deepEqual(await outcomeOf('/client-ends'), ['forwarded', undefined])
})

test('when the client dies, the server is told', async () => {
  const { client, server } = await rawTunnel('/client-dies')
  const gone = once(server.socket, 'end')
  client.socket.resetAndDestroy()
  await gone
  assert.deepEqual(await outcomeOf('/client-dies'), ['aborted', 'client-aborted'])
})

test('when the server dies, the client is told', async () => {
  const { client, server } = await rawTunnel('/server-dies')
  server.socket.resetAndDestroy()
  assert.equal((await client.rest()).length, 0)
  assert.deepEqual(await outcomeOf('/server-dies'), ['aborted', 'response-content-aborted'])
})

test('a client that goes away before the answer is noticed, and the server is told', async () => {
  lab.origin.onHandshake(() => undefined)
  const client = await lab.handshake('/impatient')
  const { socket } = await lab.origin.arrived('/impatient')
  const gone = once(socket, 'end')
  client.close()
  await gone
  assert.deepEqual(await outcomeOf('/impatient'), ['aborted', 'client-aborted'])
})

test('a tunnel through which nothing passes is closed', async () => {
  const own = await startTunnelLab({ upstream: { tunnelIdleTimeoutMs: 1000 } })
  const socket = await own.open('/idle', own.token)
  assert.equal(await closed(socket), 1006)
  assert.equal((await own.record('/idle'))['torhaus.code'], 'tunnel-idle')
  await own.close()
})

test('the idle timeouts of requests do not hold for tunnels', async () => {
  const own = await startTunnelLab({
    listener: { idleTimeoutMs: 1000 },
    upstream: { headersTimeoutMs: 1000, bodyTimeoutMs: 1000 },
  })
  const socket = await own.open('/quiet', own.token)
  await new Promise(resolve => setTimeout(resolve, 2500))
  socket.send('still here')
  assert.equal((await message(socket)).toString(), 'still here')
  await own.close()
})

test('a server that does not answer a handshake is given up', async () => {
  const own = await startTunnelLab({ upstream: { headersTimeoutMs: 1000 } })
  own.origin.onHandshake(() => undefined)
  await assert.rejects(own.open('/mute', own.token), { status: 504, code: 'upstream-headers-timeout' })
  await own.close()
})

test('past the limit handshakes get a 503, and a place is free again when one closes', async () => {
  const own = await startTunnelLab({ listener: { maxTunnels: 2 } })
  const [first] = [await own.open('/1', own.token), await own.open('/2', own.token)]
  const refused = await own.open('/3', own.token).catch((error: unknown) => error)
  assert.ok(refused instanceof Refused)
  assert.deepEqual([refused.status, refused.code, refused.response.headers['retry-after']], [503, 'tunnel-limit', '5'])
  first.close()
  await own.record('/1')
  await own.open('/4', own.token)
  await own.close()
})

test('tunnels take no connection away from requests', async () => {
  const own = await startTunnelLab({ upstream: { maxConnections: 1 } })
  const sockets = [await own.open('/a', own.token), await own.open('/b', own.token)]
  assert.equal((await fetch(`${own.url}/request`, { headers: own.token })).status, 200)
  for (const socket of sockets) {
    socket.send('x')
    assert.equal((await message(socket)).toString(), 'x')
  }
  const used = own.origin.handshakes.map(({ socket }) => socket)
  assert.ok(
    own.origin.requests.every(({ socket }) => !used.includes(socket)),
    'never one that was a tunnel',
  )
  await own.close()
})

for (const end of ['drain', 'kill'] as const) {
  test(`at the ${end} tunnels are closed at once, and no more are opened`, async () => {
    const own = await startTunnelLab({ listener: { drainTimeoutMs: 60_000 } })
    const socket = await own.open('/open', own.token)
    const over = closed(socket)
    await own.torhaus[end]()
    assert.equal(await over, 1006)
    const record = await own.record('/open')
    assert.deepEqual([record['torhaus.outcome'], record['torhaus.code']], ['aborted', 'tunnel-drained'])
    await own.close()
  })
}

test('a handshake that is not answered yet does not hold up a kill', { timeout: 60_000 }, async () => {
  const own = await startTunnelLab({ listener: { drainTimeoutMs: 90_000 } })
  own.origin.onHandshake(() => undefined)
  const client = await own.handshake('/pending')
  await own.origin.arrived('/pending')
  await own.torhaus.kill()
  await client.rest()
  await own.close()
})
