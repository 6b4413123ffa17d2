/** Names, where name servers stand still. */
import assert from 'node:assert/strict'
import dns, { type LookupAddress } from 'node:dns'
import { afterEach, mock, test } from 'node:test'
import { rememberedLookup } from '../../src/remembered-lookup.ts'

type Answer = (error: Error | null, addresses: LookupAddress[]) => void

const NAME = 'server.corp.test'
const before: LookupAddress[] = [{ address: '10.0.0.1', family: 4 }]
const since: LookupAddress[] = [
  { address: 'fd00::1', family: 6 },
  { address: '10.0.0.2', family: 4 },
]

/** Look-ups by the system that wait for their answer. */
let waiting: Answer[] = []
let nowMs = 0

afterEach(() => {
  mock.restoreAll()
  mock.timers.reset()
  waiting = []
  nowMs = 0
})

function lookups(patienceMs: number, believedMs = 0) {
  mock.method(dns, 'lookup', (_host: string, _options: object, done: Answer) => waiting.push(done))
  mock.timers.enable({ apis: ['setTimeout'] })
  const lookup = rememberedLookup({ monotonic: () => nowMs, believedMs, patienceMs })
  const all = (host = NAME) =>
    new Promise<unknown>((resolve, reject) =>
      lookup(host, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error))),
    )
  const one = () => new Promise(resolve => lookup(NAME, {}, (_, address, family) => resolve([address, family])))
  return { all, one }
}

async function found(all: () => Promise<unknown>, addresses: LookupAddress[]): Promise<void> {
  const first = all()
  waiting.shift()?.(null, addresses)
  assert.deepEqual(await first, addresses)
}

/** Everything that can go on without a timer has. */
const settled = () => new Promise(resolve => setImmediate(resolve))

test('what the system says counts, while it says it in time', async () => {
  const { all, one } = lookups(250)
  await found(all, before)
  const second = all()
  mock.timers.tick(249)
  await settled()
  waiting.shift()?.(null, since)
  assert.deepEqual(await second, since)
  const third = one()
  waiting.shift()?.(null, since)
  assert.deepEqual(await third, ['fd00::1', 6])
})

test('while the system waits for a dead name server, the addresses found last serve, and it is asked once', async () => {
  const { all } = lookups(250)
  await found(all, before)
  const second = all()
  nowMs = 200
  const third = all()
  nowMs = 250
  mock.timers.tick(250)
  assert.deepEqual(await Promise.all([second, third]), [before, before])
  nowMs = 4000
  const fourth = all()
  mock.timers.tick(0)
  assert.deepEqual(await fourth, before, 'it has been waited for long enough')
  assert.equal(waiting.length, 1)
  waiting.shift()?.(null, since)
  await settled()
  const fifth = all()
  mock.timers.tick(250)
  assert.deepEqual(await fifth, since)
})

test('where the system cannot say, the addresses found last serve; a name that is gone is gone', async () => {
  const { all } = lookups(250)
  await found(all, before)
  const cannotSay = all()
  waiting.shift()?.(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' }), [])
  assert.deepEqual(await cannotSay, before)
  const gone = all()
  waiting.shift()?.(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
  await assert.rejects(gone, { code: 'ENOTFOUND' })
})

test('nothing is known of a name that was never found, nor by another', async () => {
  const { all } = lookups(250)
  await found(all, before)
  const other = all('other.corp.test')
  waiting.shift()?.(Object.assign(new Error('try again'), { code: 'EAI_AGAIN' }), [])
  await assert.rejects(other, { code: 'EAI_AGAIN' })
})
