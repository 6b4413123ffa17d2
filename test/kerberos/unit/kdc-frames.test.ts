/** What comes on the socket of a KDC and is no answer in time (RFC 4120 7.2.2). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { exchange } from '../../../src/kerberos/kdc/kdc-exchange.ts'

async function answeredBy(behave: (socket: Socket) => void, timeoutMs: number): Promise<unknown> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined))
    behave(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  assert(bound !== null && typeof bound === 'object')
  try {
    return await exchange({ host: '127.0.0.1', port: bound.port }, Buffer.from('a question'), timeoutMs).reply
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

const announcing = (length: number) => (socket: Socket) => {
  const octets = Buffer.alloc(4)
  octets.writeUInt32BE(length)
  socket.write(octets)
}

describe('a KDC', () => {
  it('that announces more than a message can have is left at once (pitfall 33)', async () => {
    for (const length of [0x8000_0000, 0xffff_ffff, (1 << 20) + 1]) {
      const began = performance.now()
      await assert.rejects(answeredBy(announcing(length), 5_000), { failure: 'unreachable' })
      assert(performance.now() - began < 4_000)
    }
  })

  it('that drips octets has no more time than one that keeps silent (pitfall 33)', async () => {
    const timers: NodeJS.Timeout[] = []
    const began = performance.now()
    const dripping = answeredBy(socket => {
      announcing(100_000)(socket)
      timers.push(setInterval(() => socket.write(Buffer.from([0])), 20))
    }, 400)
    await assert.rejects(dripping, { failure: 'silent' })
    for (const timer of timers) clearInterval(timer)
    assert(performance.now() - began < 3_000)
  })
})
