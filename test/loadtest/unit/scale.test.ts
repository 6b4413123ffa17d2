/** What docs/performance/scale.md counts: figures of the code that runs, on a clock of the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KINDS } from '../../../loadtest/scale/counted-store.ts'
import { type Counted, simulate } from '../../../loadtest/scale/simulate.ts'

const COMPANY = { people: 600, instances: 2, workersEach: 4, requestsPerSecond: 0.3, workersPerPerson: 8 }

test('whoever meets two workers of eight costs Redis less than whoever meets them all, and each worker keeps fewer sessions', async () => {
  const [all, two] = [await simulate(COMPANY, 300), await simulate({ ...COMPANY, workersPerPerson: 2 }, 300)]
  assert.equal(two.requestsPerSecond, 180)
  const ofPeople = ({ commandsPerSecond: { sessions, tokens, confirmations, grants } }: Counted) =>
    sessions + tokens + confirmations + grants
  assert.ok(ofPeople(two) > 0.01 * 180 && ofPeople(two) < 0.6 * ofPeople(all), `${ofPeople(two)} ${ofPeople(all)}`)
  assert.equal(all.keptByWorker, 600)
  assert.ok(two.keptByWorker < 300)
})

test('every kind of credentials is counted, and a part of the people stands for all of them', async () => {
  const whole = await simulate(COMPANY, 120)
  for (const kind of KINDS) assert.ok(whole.commandsPerSecond[kind] > 0, kind)
  assert.ok(whole.refreshesPerSecond > 0 && whole.verificationsPerSecond > 0)
  const part = await simulate({ ...COMPANY, people: 200 }, 120, 3)
  assert.equal(part.requestsPerSecond, whole.requestsPerSecond)
  for (const kind of ['sessions', 'tokens', 'grants', 'processes'] as const)
    assert.ok(Math.abs(part.commandsPerSecond[kind] / whole.commandsPerSecond[kind] - 1) < 0.3, kind)
})

test('heartbeats that Redis passes on grow with the number of processes, and no faster', async () => {
  const counts = [16, 64].map(instances => simulate({ ...COMPANY, people: 10, instances, workersEach: 1 }, 60))
  const [few, many] = await Promise.all(counts)
  assert.equal(few?.heartbeatsPerSecond, 16 * 16)
  assert.equal(many?.heartbeatsPerSecond, 16 * 64)
})
