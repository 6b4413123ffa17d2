import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { openRedisDriver } from '../../src/store/redis-driver.ts'

/** RFC 8446 5.1. */
const HANDSHAKE = 22

test('a Redis behind Sentinel is spoken to by TLS in whatever letter case the configuration says rediss', async () => {
  const server = createServer()
  const port = await listen(server, '127.0.0.1', 0)
  try {
    for (const scheme of ['rediss', 'REDISS', 'Rediss']) {
      const connected = once(server, 'connection') as Promise<[Socket]>
      const opening = openRedisDriver(
        {
          ...{ urls: [`${scheme}://127.0.0.1:${port}`], mode: 'sentinel', masterName: 'main', keyPrefix: 'torhaus' },
          ...{ tls: {}, connectTimeoutMs: 2000, commandTimeoutMs: 500, graceSeconds: 0 },
        },
        { channel: 'x', receive: () => undefined, connected: () => undefined, random: () => 0.5 },
        new AbortController().signal,
      )
      const refused = assert.rejects(opening)
      const [socket] = await connected
      const [sent] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      await refused
      assert.equal(sent[0], HANDSHAKE, `${scheme}: ${sent.subarray(0, 20)}`)
    }
  } finally {
    server.close()
  }
})
