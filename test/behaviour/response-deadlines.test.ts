import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type RawOrigin, startRawOrigin } from '../../devkit/origin/raw-origin.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const SHORT_MS = 1000
const LONG_MS = 10_000
/** Far from both. */
const BETWEEN_MS = 2500

let origin: RawOrigin
const proxies: ProxyUnderTest[] = []
before(async () => {
  origin = await startRawOrigin()
})
after(async () => {
  for (const proxy of proxies) await proxy.close()
  await origin.close()
})

async function withTimes(headersTimeoutMs: number, bodyTimeoutMs: number): Promise<ProxyUnderTest> {
  const proxy = await startProxy({
    upstreamUrl: origin.url,
    configure: configured({}, { headersTimeoutMs, bodyTimeoutMs }),
  })
  proxies.push(proxy)
  return proxy
}

/** Everything in one read, then nothing for a while, then the rest. */
const inTwo = (first: string, rest: string) =>
  origin.respondWith(async socket => {
    socket.write(first)
    await pause(BETWEEN_MS)
    socket.write(rest)
  })

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
const FIRST = '2\r\nok\r\n'
const END = '0\r\n\r\n'

const beginnings: Record<string, string> = {
  'a head alone': HEAD,
  'a head with the first piece': HEAD + FIRST,
  'a 103 with head and first piece': `HTTP/1.1 103 Early Hints\r\n\r\n${HEAD}${FIRST}`,
}

for (const [what, first] of Object.entries(beginnings)) {
  test(`after ${what} in one read, the content may pause as long as content may`, async () => {
    const proxy = await withTimes(SHORT_MS, LONG_MS)
    inTwo(first, `2\r\nok\r\n${END}`)
    assert.match((await proxy.pass('GET /events')).text, /^(ok)+$/)
  })

  test(`after ${what} in one read, content that pauses longer is cut`, async () => {
    const proxy = await withTimes(LONG_MS, SHORT_MS)
    inTwo(first, END)
    await assert.rejects(proxy.pass('GET /stalled'), /the connection ended/)
  })
}

test('informational responses do not move the deadline of the final one', async () => {
  const proxy = await withTimes(SHORT_MS, LONG_MS)
  origin.respondWith(async socket => {
    for (let round = 0; round < 10; round++) {
      socket.write('HTTP/1.1 102 Processing\r\n\r\n')
      await pause(SHORT_MS / 4)
    }
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  })
  assert.equal((await proxy.pass('GET /processing')).status, 504)
})

test('a head that comes drop by drop does not move its deadline', async () => {
  const proxy = await withTimes(SHORT_MS, LONG_MS)
  origin.respondWith(async socket => {
    for (const part of ['HTTP/1.1 200 OK\r\n', ...Array<string>(10).fill('X: y\r\n'), 'Content-Length: 0\r\n\r\n']) {
      socket.write(part)
      await pause(SHORT_MS / 4)
    }
  })
  assert.equal((await proxy.pass('GET /drip')).status, 504)
})

test('informational responses without end wait for a client that does not read them, and end with the deadline', async () => {
  const proxy = await withTimes(LONG_MS / 2, LONG_MS)
  const flooded = Promise.withResolvers<Socket>()
  const hint = `HTTP/1.1 103 Early Hints\r\nLink: </${'x'.repeat(1000)}>\r\n\r\n`.repeat(50)
  origin.respondWith(socket => {
    const flood = () => {
      while (!socket.destroyed && socket.write(hint)) {}
    }
    socket.on('drain', flood).on('close', () => flooded.resolve(socket))
    flood()
  })
  const connection = await proxy.connect()
  connection.socket.pause()
  connection.send(requestText('GET /flood', [proxy.host, patField]))
  const { bytesWritten } = await flooded.promise
  // What the system keeps for the sockets of both connections, and little of our own.
  assert.ok(bytesWritten < 40 * 1024 * 1024, `${bytesWritten} bytes`)
  connection.close()
})
