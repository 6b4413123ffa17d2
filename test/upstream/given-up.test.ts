/** A request that is given up on one connection, and sent again on another. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { KeptContent } from '../../src/listener/kept-content.ts'
import { PaceKeeper } from '../../src/listener/pace.ts'
import { RequestContent } from '../../src/listener/request-content.ts'
import { system } from '../../src/system.ts'
import { HttpUpstream } from '../../src/upstream/http-upstream.ts'
import type { ResponseReceiver, UpstreamRequest } from '../../src/upstream/upstream.ts'

const WAIT_MS = 60_000
const TIMES = { headersTimeoutMs: WAIT_MS, bodyTimeoutMs: WAIT_MS, keepAliveTimeoutMs: WAIT_MS }
const LIMITS = { maxConnections: 4, maxQueued: 4, queueTimeoutMs: WAIT_MS, connectTimeoutMs: WAIT_MS }
const REQUEST: UpstreamRequest = {
  ...{ method: 'GET', target: '/', fields: ['Host', 'x'], content: null, contentLength: '10', mayUpgrade: false },
  ...{ owner: 'o', standing: 'proven' },
  connections: { connectionKey: 'k', sharesConnection: false, authenticateConnection: undefined },
}

const receiver = (onHead: ResponseReceiver['onHead'], onEnd: () => void): ResponseReceiver => ({
  ...{ onInformation: () => true, onReadPause: () => undefined, onContent: () => true },
  ...{ onHead, onEnd, onUpgrade: () => assert.fail('101'), onError: fault => assert.fail(fault) },
})

test('content that is still to come goes on to the second connection when the first is closed', async t => {
  const origin = await startEchoOrigin()
  t.after(() => origin.close())
  const config = { ...{ ...TIMES, ...LIMITS }, url: origin.url, tls: {} } as unknown as Config['upstream']
  using upstream = new HttpUpstream(config, system.monotonic)
  const ask = (onEnd: () => void) =>
    upstream.send(
      REQUEST,
      receiver(() => undefined, onEnd),
    )
  const held: ServerResponse[] = []
  origin.answerWith((_, response) => {
    if (held.push(response) === 2) for (const other of held) other.end()
  })
  await Promise.all([1, 2].map(() => new Promise<void>(ask)))
  assert.equal(upstream.statistics().idle, 2)

  origin.answerWith((request, response, { socket }) => {
    if (origin.requests.length === 3) request.once('data', () => response.writeHead(401).end())
    else request.on('end', () => response.end(String(socket.bytesRead)))
  })
  const closed = Promise.withResolvers<void>()
  /** As `forward` does with a 401 on a connection that was authenticated. */
  function sendTwice(request: IncomingMessage, response: ServerResponse): void {
    const keeper = new PaceKeeper(system.monotonic)
    const content = new RequestContent(request, () => true, keeper, { minRate: 0, graceMs: 1000 }, new KeptContent())
    const send = (to: ResponseReceiver) => upstream.send({ ...REQUEST, method: 'PUT', content }, to)
    const second = receiver(
      status => void response.writeHead(status).end(),
      () => undefined,
    )
    const first = send(
      receiver(
        () => {
          origin.requests.at(-1)?.socket.on('close', closed.resolve)
          first.abort()
          send(second)
        },
        () => undefined,
      ),
    )
  }
  const front = createServer(sendTwice)
  t.after(() => closeServer(front))
  const client = await RawConnection.open(await listen(front, '127.0.0.1', 0))
  t.after(() => client.close())
  client.send(requestText('PUT /', ['Host: x', 'Content-Length: 10'], 'hello'))
  await closed.promise
  client.send('world')
  assert.equal((await client.response()).status, 200)
  assert.deepEqual(
    origin.requests.slice(2).map(({ text }) => text),
    ['hello', 'helloworld'],
  )
})
