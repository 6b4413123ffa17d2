/** How often the server is asked about tokens that it turns out not to know. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadBudget, WINDOW_MS } from '../../src/pats/read-budget.ts'

function budget() {
  const clock = { nowMs: 0 }
  return { clock, budget: new ReadBudget({ maxPerNetwork: 2, maxInAll: 3 }, () => clock.nowMs) }
}

test('within a minute a network has so many questions, all together have so many, and who is refused is told when', () => {
  const { clock, budget: reads } = budget()
  assert.deepEqual([reads.take('a'), reads.take('a'), reads.take('a')], [undefined, undefined, 60])
  clock.nowMs = 30_000
  assert.deepEqual([reads.take('b'), reads.take('c')], [undefined, 30])
  clock.nowMs = WINDOW_MS
  assert.deepEqual([reads.take('c'), reads.take('a')], [undefined, undefined])
})

test('a question about a token that was good costs neither the network nor the others anything', () => {
  const { budget: reads } = budget()
  for (let question = 0; question < 10; question++) {
    assert.equal(reads.take('a'), undefined)
    reads.giveBack('a')
  }
  assert.deepEqual([reads.take('b'), reads.take('b'), reads.take('c')], [undefined, undefined, undefined])
})
