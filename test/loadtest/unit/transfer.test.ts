import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { listen } from '../../../devkit/op/listen.ts'
import { transfer } from '../../../loadtest/generators/transfer.ts'

const CONTENT = 'x'.repeat(2048)

test('each of several transfers is of its own sender, on one connection, and what is not as it should be is an error', async t => {
  const seen: IncomingMessage[] = []
  const server = createServer((message, response) => {
    seen.push(message)
    response.end(message.headers.authorization === 'Bearer short' ? 'x' : CONTENT)
  })
  t.after(() => server.close())
  const port = await listen(server, '127.0.0.1', 0)
  const requests = ['one', 'short', 'two'].map(token => ({
    ...({ method: 'GET', target: '/1g', responseBytes: CONTENT.length } as const),
    fields: { Authorization: `Bearer ${token}` },
  }))
  const order = { port, requests, uploadFile: undefined, uploadBytes: 0, tls: undefined, signal: t.signal }
  const { requests: count, bytes, errors } = await transfer(order)
  assert.deepEqual([count, bytes, errors], [2, 2 * CONTENT.length, 1])
  assert.deepEqual(
    seen.map(({ headers }) => headers.authorization),
    ['Bearer one', 'Bearer short', 'Bearer two'],
  )
  assert.equal(new Set(seen.map(({ socket }) => socket.remotePort)).size, 1)
})
