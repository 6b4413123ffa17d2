import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { standsStill } from '../../devkit/torhaus/eventually.ts'
import { ACCEPT, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'

let lab: TunnelLab
before(async () => {
  lab = await startTunnelLab()
})
after(() => lab.close())

const CHUNK = Buffer.alloc(256 * 1024, 'x')
const CHUNKS = 800
const TOTAL_BYTES = CHUNK.length * CHUNKS
/** What the kernel keeps for four sockets, generously; far below the total. */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024

/** Writes it all as fast as it is taken. `sent`: bytes taken so far. */
function flood(socket: Socket) {
  const state = { sent: 0 }
  const run = async () => {
    for (let count = 0; count < CHUNKS; count++) {
      if (!socket.write(CHUNK)) await once(socket, 'drain')
      state.sent += CHUNK.length
    }
    socket.end()
  }
  return { state, done: run() }
}

/** Without a byte more for a while the sender has to wait. */
async function stands(state: { readonly sent: number }): Promise<void> {
  await standsStill(() => state.sent)
  assert.ok(state.sent > 0 && state.sent < MAX_UNDER_WAY_BYTES, `${state.sent} bytes are under way`)
}

async function digest(socket: Socket): Promise<[number, string]> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return [bytes, hash.digest('hex')]
}

const whole = () => {
  const hash = createHash('sha256')
  for (let count = 0; count < CHUNKS; count++) hash.update(CHUNK)
  return [TOTAL_BYTES, hash.digest('hex')]
}

for (const direction of ['server', 'client'] as const) {
  test(`a slow reader makes the ${direction} wait; nothing is kept in between, and nothing is lost`, async () => {
    const path = `/from-${direction}`
    const upgraded = Promise.withResolvers<Socket>()
    lab.origin.onHandshake(({ socket }) => {
      socket.removeAllListeners('data').removeAllListeners('end').pause()
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
      )
      upgraded.resolve(socket)
    })
    const connection = await lab.handshake(path)
    await connection.head()
    const client = connection.socket.removeAllListeners('data').pause()
    const server = await upgraded.promise
    const [sender, reader] = direction === 'server' ? [server, client] : [client, server]
    const memory = process.memoryUsage().external
    const { state, done } = flood(sender)
    await stands(state)
    assert.ok(process.memoryUsage().external - memory < MAX_UNDER_WAY_BYTES)
    assert.deepEqual(await digest(reader), whole())
    await done
    reader.end()
    sender.resume()
    const record = await lab.record(path)
    const field = direction === 'server' ? 'http.response.body.bytes' : 'http.request.body.bytes'
    assert.deepEqual([record[field], record['torhaus.outcome']], [TOTAL_BYTES, 'forwarded'])
  })
}
