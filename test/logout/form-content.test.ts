import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { Fault } from '../../src/errors.ts'
import type { Traced } from '../../src/exchange.ts'
import { readForm } from '../../src/routes/form-content.ts'

test('content that stands still is given up after its time', async () => {
  const server = createServer()
  const port = await listen(server, '127.0.0.1', 0)
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc')
    const [request, response] = await once(server, 'request')
    const fields = { kept: { 'content-type': 'application/x-www-form-urlencoded' } }
    const reading = readForm(
      { request, response, fields } as unknown as Traced,
      { maxBytes: 10, timeoutMs: 50 },
      'logout-request-malformed',
    )
    await assert.rejects(reading, (error: Fault) => error instanceof Fault && error.code === 'logout-request-malformed')
  } finally {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  }
})
