import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { mock, test } from 'node:test'
import { configured, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

type Answer = (error: Error | null, found: LookupAddress[]) => void

const NAME = 'server.corp.test'

test('connections to the server are made on while a name server is dead', async () => {
  const waiting: unknown[] = []
  let isDead = false
  const { lookup } = dns
  mock.method(dns, 'lookup', (host: string, options: { all: true }, done: Answer) => {
    if (host !== NAME) lookup(host, options, done)
    else if (isDead) waiting.push(done)
    else done(null, [{ address: '127.0.0.1', family: 4 }])
  })
  const named = (config: Parameters<ReturnType<typeof configured>>[0]) =>
    configured({}, { url: config.upstream.url.replace('127.0.0.1', NAME) })(config)
  const proxy = await startProxy({ configure: named })
  try {
    assert.equal((await proxy.pass('GET /')).status, 200)
    isDead = true
    // Who has an identity of ours gets a connection of its own.
    assert.equal((await proxy.ask('GET /', [proxy.bearerField])).status, 200)
    assert.equal(waiting.length, 1)
  } finally {
    await proxy.close()
    mock.restoreAll()
  }
})
