/** What docs/performance/scale.md counts: figures of the code that runs, on a clock of the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from '../../../loadtest/scale/simulate.ts'

const COMPANY = { people: 600, instances: 2, workersEach: 4, requestsPerSecond: 0.3, workersPerPerson: 8 }

test('whoever meets two workers of eight costs Redis less than a tenth of a command per request', () => {
  const counted = simulate({ ...COMPANY, workersPerPerson: 2 }, 300)
  assert.equal(counted.requestsPerSecond, 180)
  assert.ok(counted.commandsPerRequest > 0.01 && counted.commandsPerRequest < 0.1, `${counted.commandsPerRequest}`)
})

test('whoever meets them all costs more, and each worker keeps more sessions', () => {
  const [all, two] = [simulate(COMPANY, 300), simulate({ ...COMPANY, workersPerPerson: 2 }, 300)]
  assert.ok(all.commandsPerRequest > 2 * two.commandsPerRequest)
  assert.equal(all.keptByWorker, 600)
  assert.ok(two.keptByWorker < 300)
})

test('heartbeats that Redis passes on grow with the number of processes, and no faster', () => {
  const [few, many] = [16, 64].map(instances => simulate({ ...COMPANY, people: 10, instances, workersEach: 1 }, 60))
  assert.equal(few?.heartbeatsPerSecond, 16 * 16)
  assert.equal(many?.heartbeatsPerSecond, 16 * 64)
})
