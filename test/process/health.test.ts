import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { pino } from 'pino'
import { Health } from '../../src/process/health.ts'
import type { SupervisorMetrics } from '../../src/process/supervisor-metrics.ts'
import type { Generation } from '../../src/process/worker-generation.ts'
import { system } from '../../src/system.ts'

const ROUND_MS = 2500
/** So many a worker may miss that does not listen yet: a minute. */
const MAX_MISSED_STARTING = 24

async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    mock.timers.tick(ROUND_MS)
    // What was asked is answered in the same turn here.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
}

/** Of one worker; `replaced`: how often it was. */
function generationOf(isListening: boolean, answers: boolean) {
  const worker = {
    ...{ pid: 1, isListening },
    report: async () => (answers ? {} : undefined),
    isUnresponsive: async () => false,
  }
  const generation = { workers: new Set([worker]), replaced: 0, replace: () => generation.replaced++ }
  return generation
}

test('a worker that starts beside those that serve gets a minute, and is ended in its own generation', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const [serving, starting] = [generationOf(true, true), generationOf(false, false)]
  const killed: string[] = []
  const health = new Health({
    surroundings: { ...system, environment: {} },
    log: pino({ level: 'silent' }),
    metrics: { killed: (silence: string) => killed.push(silence) } as unknown as SupervisorMetrics,
    generations: () => [serving, starting] as unknown as Generation[],
  })
  try {
    health.start()
    await rounds(MAX_MISSED_STARTING - 1)
    assert.deepEqual([serving.replaced, starting.replaced], [0, 0])
    await rounds(1)
    assert.deepEqual([serving.replaced, starting.replaced, killed], [0, 1, ['heartbeat']])
    assert.equal(health.isAlive, true)
  } finally {
    health.close()
    mock.timers.reset()
  }
})
