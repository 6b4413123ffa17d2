/** What a server sends before it was asked, and together with its 101. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { type RawOrigin, startRawOrigin } from '../../devkit/origin/raw-origin.ts'
import type { Fault } from '../../src/errors.ts'
import { system } from '../../src/system.ts'
import { Connection } from '../../src/upstream/connection.ts'
import { ConnectionPool } from '../../src/upstream/connection-pool.ts'
import { ReadBuffer } from '../../src/upstream/read-buffer.ts'
import type { ResponseReceiver, UpstreamRequest } from '../../src/upstream/upstream.ts'
import type { Waiter } from '../../src/upstream/waiter.ts'

const TIMES = { headersTimeoutMs: 10_000, bodyTimeoutMs: 10_000, keepAliveTimeoutMs: 10_000, connectTimeoutMs: 10_000 }
const KEPT = { key: 'k', owner: 'o', standing: 'proven', holder: undefined, cancelled: false } as const
const REQUEST: UpstreamRequest = {
  ...{ method: 'GET', target: '/', fields: [], content: null, contentLength: undefined, mayUpgrade: true },
  ...{ owner: 'o', standing: 'proven' },
  connections: { connectionKey: 'k', sharesConnection: true, authenticateConnection: undefined },
}

/** Notes what it hears, and takes what comes with a 101. */
class Receiver implements ResponseReceiver {
  readonly heard: string[] = []
  readonly upgraded = Promise.withResolvers<{ socket: Socket; early: Buffer }>()

  onInformation(): boolean {
    return true
  }

  onHead(status: number): void {
    this.heard.push(`head ${status}`)
  }

  onReadPause(): void {}

  onContent(chunk: Buffer): boolean {
    this.heard.push(`content ${chunk}`)
    return true
  }

  onEnd(): void {
    this.heard.push('end')
  }

  onUpgrade(_: readonly string[], socket: Socket, early: Buffer): void {
    this.upgraded.resolve({ socket, early })
  }

  onError({ code }: Fault): void {
    this.heard.push(code)
  }
}

const answer = (content: string) =>
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n${content}`)

const poolTo = (origin: RawOrigin) =>
  new ConnectionPool({
    ...{ ...TIMES, maxConnections: 4, maxQueued: 4, queueTimeoutMs: 1000, monotonic: system.monotonic },
    ...{ host: '127.0.0.1', port: Number(new URL(origin.url).port), tls: undefined },
  })

test('what comes before a request was written is no answer to it', async () => {
  const [first, next] = [new Receiver(), new Receiver()]
  const socket = new PassThrough()
  const connection = new Connection(
    'k',
    socket as unknown as Socket,
    new ReadBuffer(),
    {
      // As in the pool, where somebody waits for it.
      onFree: freed => freed.start('GET /next HTTP/1.1\r\n\r\n', REQUEST, next),
      onBound: () => undefined,
      onUnasked: () => undefined,
      onClosed: () => undefined,
    },
    { ...TIMES, monotonic: system.monotonic },
  )
  connection.start('GET /first HTTP/1.1\r\n\r\n', REQUEST, first)
  await new Promise(setImmediate)
  // Two reads of one turn: records of TLS, or more than one read takes.
  connection.onData(answer('first'))
  connection.onData(answer('nobody asked'))
  assert.deepEqual(first.heard, ['head 200', 'content first', 'end'])
  assert.deepEqual(next.heard, ['upstream-closed'])
  assert.equal(String(socket.read()), 'GET /first HTTP/1.1\r\n\r\n')
})

test("a connection that is one account's own may be authenticated", async () => {
  const origin = await startRawOrigin()
  using pool = poolTo(origin)
  try {
    origin.respondWith(socket => socket.write('HTTP/1.1 200 OK\r\nPersistent-Auth: true\r\nContent-Length: 0\r\n\r\n'))
    const ask = (sharesConnection: boolean) => {
      const { promise, resolve, reject } = Promise.withResolvers<Connection>()
      const request = { ...REQUEST, connections: { ...REQUEST.connections, sharesConnection } }
      pool.acquire({
        ...KEPT,
        onConnection(connection) {
          const receiver = new Receiver()
          receiver.onEnd = () => resolve(connection)
          connection.start('GET / HTTP/1.1\r\n\r\n', request, receiver)
        },
        onUnavailable: reject,
      })
      return promise
    }
    const own = await ask(false)
    assert.deepEqual([own.isUsable, pool.bound], [true, 0])
    assert.equal(await ask(true), own)
    assert.deepEqual([own.isUsable, pool.bound], [false, 1])
  } finally {
    await origin.close()
  }
})

test('what came with a 101 stays as it is when more comes', async () => {
  const origin = await startRawOrigin()
  using pool = poolTo(origin)
  try {
    const server = Promise.withResolvers<Socket>()
    origin.respondWith(socket => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n\r\n${'A'.repeat(10)}`)
      server.resolve(socket)
    })
    const receiver = new Receiver()
    const waiter: Waiter = {
      ...KEPT,
      onConnection: connection => connection.start('GET / HTTP/1.1\r\n\r\n', REQUEST, receiver),
      onUnavailable: fault => assert.fail(fault),
    }
    pool.acquire(waiter)
    const { socket, early } = await receiver.upgraded.promise
    ;(await server.promise).write('B'.repeat(20))
    await once(socket, 'data')
    assert.equal(String(early), 'A'.repeat(10))
    socket.destroy()
  } finally {
    await origin.close()
  }
})
