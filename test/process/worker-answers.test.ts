import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { WorkerAnswers } from '../../src/process/worker-answers.ts'

let reports: PromiseWithResolvers<unknown>[]
let requests: number
let isStopping: boolean
let answers: WorkerAnswers
beforeEach(() => {
  reports = []
  requests = 0
  isStopping = false
  answers = new WorkerAnswers()
})

/** A worker that tells nothing before the test says so. */
function newGeneration() {
  const worker = {
    ...{ pid: 7, isListening: true, lastMetrics: undefined },
    report() {
      const asked = Promise.withResolvers<unknown>()
      reports.push(asked)
      return asked.promise as never
    },
    async isUnresponsive() {
      requests++
      return false
    },
  }
  return { workers: new Set([worker]) }
}

const READY = { metrics: [], readiness: { ready: true, parts: { store: 'available' } } }
const tell = (report: unknown) => reports.at(-1)?.resolve(report)

test('whoever asks while a worker is asked hears the same answer, and who asks later another one', async () => {
  const generation = newGeneration()
  const ready = () => answers.readiness(generation, 1, () => isStopping)
  const many = Promise.all(Array.from({ length: 100 }, ready))
  tell(READY)
  for (const state of await many)
    assert.deepEqual(state, { ready: true, parts: { store: 'available', workers: '1 of 1' } })
  assert.deepEqual([reports.length, requests], [1, 1])
  const later = ready()
  tell(undefined)
  assert.deepEqual(await later, { ready: false, parts: { 'worker 7': 'does not answer', workers: '0 of 1' } })
  assert.deepEqual([reports.length, requests], [2, 2])
})

test('who asks while it stops hears that, whatever the workers have said before', async () => {
  const generation = newGeneration()
  const ready = () => answers.readiness(generation, 1, () => isStopping)
  const before = ready()
  isStopping = true
  const meanwhile = ready()
  tell(READY)
  for (const { ready: isReady, parts } of await Promise.all([before, meanwhile]))
    assert.deepEqual([isReady, parts.listener], [false, 'draining'])
})

test('a worker that took the place of another one is asked, and of the one before nothing is said', async () => {
  const [old, next] = [newGeneration(), newGeneration()]
  const before = answers.readiness(old, 1, () => isStopping)
  tell(READY)
  assert.equal((await before).ready, true)
  const after = answers.readiness(next, 1, () => isStopping)
  tell(undefined)
  assert.equal((await after).ready, false)
})

test('scrapes at a time are one question to a worker, and a later one is another', async () => {
  const generation = newGeneration()
  const scrape = () => answers.states(new Set([generation]))
  const many = Promise.all([scrape(), scrape(), scrape()])
  tell(READY)
  for (const states of await many) assert.deepEqual(states, [{ pid: 7, isAnswering: true, metrics: [] }])
  assert.equal(reports.length, 1)
  const later = scrape()
  assert.equal(reports.length, 2)
  tell(READY)
  await later
})
