/** Names of KDCs, where the name server that is asked first is dead, as a domain controller often is both. */
import assert from 'node:assert/strict'
import dns from 'node:dns'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, mock, test } from 'node:test'
import { configuredKdcs } from '../../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { Krb5Error } from '../../../src/kerberos/protocol/krb5-error.ts'

const NAME = 'dc2.corp.test'
const ADDRESS = { address: '127.0.0.1', family: 4 }
type Answer = (error: Error | null, addresses: { address: string; family: number }[]) => void

/** Lookups by the system that wait for their answer. */
let waiting: Answer[] = []
let nowMs = 0

afterEach(() => {
  mock.restoreAll()
  waiting = []
  nowMs = 0
})

async function withKdc(use: (ask: () => Promise<string>, nextAsk: () => Promise<void>) => Promise<void>) {
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.from('00000003796573', 'hex')))
  }).listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    mock.method(dns, 'lookup', (_host: string, _options: object, done: Answer) => waiting.push(done))
    const bound = server.address()
    assert(bound !== null && typeof bound === 'object')
    const locator = configuredKdcs([{ host: NAME, port: bound.port }])
    const pool = createKdcPool({ locator, timeoutMs: 2_000, monotonic: () => nowMs })
    const ask = () =>
      pool.ask(Buffer.from('a question'), reply => {
        if (reply.toString() !== 'yes') throw new Krb5Error('malformed', 'not what it should be')
        return 'yes'
      })
    const lookedUp = async () => {
      while (waiting.length === 0) await new Promise(resolve => setImmediate(resolve))
    }
    await use(ask, lookedUp)
  } finally {
    server.close()
  }
}

test('an address that was found serves on while the system waits for its name servers, and is asked for anew beside', () =>
  withKdc(async (ask, lookedUp) => {
    const first = ask()
    await lookedUp()
    waiting.shift()?.(null, [ADDRESS])
    assert.equal(await first, 'yes')
    nowMs = 59_000
    assert.equal(await ask(), 'yes')
    assert.equal(waiting.length, 0, 'it is believed for a minute')
    nowMs = 61_000
    assert.equal(await ask(), 'yes')
    assert.equal(await ask(), 'yes')
    assert.equal(waiting.length, 1, 'one look-up at a time')
    waiting.shift()?.(new Error('EAI_AGAIN'), [])
    assert.equal(await ask(), 'yes')
    assert.equal(waiting.length, 0, 'a failure is tried again after a minute')
    nowMs = 122_000
    assert.equal(await ask(), 'yes')
    // It has moved, to where nobody listens.
    waiting.shift()?.(null, [{ address: '127.0.0.9', family: 4 }])
    await new Promise(resolve => setImmediate(resolve))
    await assert.rejects(ask(), { name: 'KdcUnreachable' })
  }))

test('questions about a name that was never found share one look-up', () =>
  withKdc(async (ask, lookedUp) => {
    const questions = [ask(), ask(), ask()]
    await lookedUp()
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(waiting.length, 1)
    waiting.shift()?.(null, [ADDRESS])
    assert.deepEqual(await Promise.all(questions), ['yes', 'yes', 'yes'])
  }))
