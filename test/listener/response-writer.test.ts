/** What becomes of content for a client that does not read: short pieces are copied, long ones borrowed until written. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { batchAtTurnEnd } from '../../src/io/end-of-turn.ts'
import type { GiveBack } from '../../src/io/slab.ts'
import { PaceKeeper } from '../../src/listener/pace.ts'
import { ResponseWriter } from '../../src/listener/response-writer.ts'

const unwritable: unknown[] = []
const EVENTS = {
  onRoom: () => {},
  onEnded: () => {},
  onUnwritable: (error: unknown) => void unwritable.push(error),
  onReadTooSlowly: () => {},
}

interface Borrowed {
  lent: number
  givenBack: number
  /** With an error they stay where they are. */
  failed: number
}

async function withWriter(work: (writer: ResponseWriter, client: Socket) => Promise<void>): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  try {
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [, response] = (await once(server, 'request')) as [unknown, ServerResponse]
    const writer = new ResponseWriter(response, EVENTS, new PaceKeeper(() => 0), { minRate: 0, graceMs: 0 })
    writer.writeHead(200, 'OK', [])
    await work(writer, client)
  } finally {
    client.destroy()
    server.closeAllConnections()
    server.close()
  }
}

/** Pieces of that size until no more is wanted. */
function writeUntilFull(writer: ResponseWriter, bytes: number): Borrowed {
  const borrowed: Borrowed = { lent: 0, givenBack: 0, failed: 0 }
  const lend = (): GiveBack => {
    let isBack = false
    borrowed.lent++
    return error => {
      if (error) borrowed.failed++
      else if (!isBack) borrowed.givenBack++
      isBack = true
    }
  }
  for (let written = 0; written < 1 << 26; written += bytes)
    if (!writer.write(Buffer.alloc(bytes), lend)) return borrowed
  return assert.fail('the client has read')
}

test('what comes in short pieces is copied: its memory is free, also when there is no more room', () =>
  withWriter(async writer => {
    assert.deepEqual(writeUntilFull(writer, 4096), { lent: 0, givenBack: 0, failed: 0 })
  }))

for (const bytes of [16_384, 65_536])
  test(`pieces of ${bytes} bytes are borrowed, and given back when they are written, not before`, () =>
    withWriter(async (writer, client) => {
      const borrowed = writeUntilFull(writer, bytes)
      assert.ok(borrowed.lent > 1)
      // What the system took at once is back at once; the rest waits for the client.
      assert.ok(borrowed.givenBack < borrowed.lent)
      client.resume()
      while (borrowed.givenBack < borrowed.lent) await once(client, 'data')
      assert.equal(borrowed.failed, 0)
    }))

test('what could not be written is not given back', () =>
  withWriter(async (writer, client) => {
    const borrowed = writeUntilFull(writer, 65_536)
    const { givenBack } = borrowed
    client.destroy()
    while (borrowed.failed === 0) await new Promise(resolve => setImmediate(resolve))
    assert.equal(borrowed.givenBack, givenBack)
  }))

test('a head that cannot be written is told, and who waits behind it is served', () =>
  withWriter(async (writer, client) => {
    writer.writeHead(200, 'OK', ['X-Name', '\u6587'])
    writer.end([])
    const behind = Promise.withResolvers<void>()
    batchAtTurnEnd({ flush: behind.resolve })
    await behind.promise
    assert.deepEqual(unwritable.map(String), [
      'TypeError [ERR_INVALID_CHAR]: Invalid character in header content ["X-Name"]',
    ])
    client.resume()
  }))
