/** Localhost is two addresses on most machines, and clients take either. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, afterEach, before, test } from 'node:test'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { operatorParts } from '../../devkit/torhaus/operator-parts.ts'
import { listenAddresses } from '../../src/listener/listen-addresses.ts'
import { AdminServer } from '../../src/process/admin-server.ts'

const OTHERS = '127.0.0.2'
const occupant = createServer()
let port: number
before(async () => {
  port = await freePort()
  await new Promise<void>(listening => occupant.listen({ host: OTHERS, port }, listening))
})
after(() => occupant.close())

const opened: AdminServer[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

async function open(...addresses: string[]): Promise<void> {
  const server = new AdminServer({
    addressesOf: () => Promise.resolve(addresses),
    monotonic: () => performance.now(),
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
    onWrongCredential: () => undefined,
    isAlive: () => true,
    reloads: () => ({ success: 0, failure: 0 }),
    readiness: () => ({ ready: true, parts: {} }),
    operator: operatorParts(undefined, async () => [], Date.now),
  })
  opened.push(server)
  await server.open({ host: 'localhost', port, hostNames: [] })
}

const livez = () => fetch(`http://127.0.0.1:${port}/livez`)

test('where another program has the port on one address of localhost, it is named, and the other is not served', async () => {
  for (const addresses of [
    ['127.0.0.1', OTHERS],
    [OTHERS, '127.0.0.1'],
  ]) {
    await assert.rejects(
      open(...addresses),
      /^Error: admin\.port: \d+ is in use on 127\.0\.0\.2 \(EADDRINUSE\): stop the program/,
    )
    await assert.rejects(livez())
  }
})

test('an address of localhost that this machine does not have is left out, unless there is no other', async () => {
  await open('192.0.2.1', '127.0.0.1')
  assert.equal((await livez()).status, 200)
  await assert.rejects(open('192.0.2.1'), /^Error: admin\.host: this machine does not have 192\.0\.2\.1/)
})

test('an address that a hosts file names twice for localhost is listened to once', async () => {
  const twice = async () => ['127.0.0.1', '::1', '127.0.0.1'].map(address => ({ address }))
  assert.deepEqual(await listenAddresses('localhost', twice), ['127.0.0.1', '::1'])
})
