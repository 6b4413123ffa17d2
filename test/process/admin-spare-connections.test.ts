/** Prometheus and balancers keep connections in reserve: a 408 on one would be read as the answer to its next request. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { boundAdminConnections } from '../../src/listener/admin-connections.ts'

test('a connection to the admin listener without a request is closed without an answer', async () => {
  // Node looks every 30 s otherwise, and would have to do so just then.
  const server = createServer({ connectionsCheckingInterval: 100 })
  boundAdminConnections(server, () => performance.now())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    assert.equal(await text(connect(port, '127.0.0.1')), '')
  } finally {
    server.close()
  }
})
