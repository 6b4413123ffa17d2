/** What becomes of content for a client that does not read: its bytes are copied, or kept, and the writer says which. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { PaceKeeper } from '../../src/listener/pace.ts'
import { ResponseWriter, type WriteResult } from '../../src/listener/response-writer.ts'

const EVENTS = { onRoom: () => {}, onEnded: () => {}, onReadTooSlowly: () => {} }

/** Pieces of that size until no more is wanted; what the writer said last. */
async function writtenUntilFull(bytes: number): Promise<WriteResult> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  try {
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    const keeper = new PaceKeeper(() => 0)
    const writer = new ResponseWriter(response, EVENTS, keeper, { minRate: 0, graceMs: 0 })
    writer.writeHead(200, 'OK', [])
    for (let written = 0; written < 1 << 26; written += bytes) {
      const result = writer.write(Buffer.alloc(bytes))
      if (result === 'full' || result === 'backpressure') return result
    }
    return assert.fail('the client has read')
  } finally {
    client.destroy()
    server.closeAllConnections()
    server.close()
  }
}

test('what comes in small pieces, as TLS does, is copied: its buffer is free, also when there is no more room', async () => {
  assert.equal(await writtenUntilFull(16_384), 'full')
})

test('what comes in large pieces is kept as it is', async () => {
  assert.equal(await writtenUntilFull(65_536), 'backpressure')
})
