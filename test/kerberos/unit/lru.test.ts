import assert from 'node:assert/strict'
import { it } from 'node:test'
import { memoryInUse } from '../../../devkit/torhaus/memory-in-use.ts'
import { createLru } from '../../../src/kerberos/lru.ts'

it('the entry that was used longest ago makes room, however often others were used', () => {
  const evicted: number[] = []
  const lru = createLru<number>({ maxEntries: 3, onEvict: value => evicted.push(value) })
  for (const value of [1, 2, 3]) lru.set(`${value}`, value)
  for (let round = 0; round < 20; round++) for (const key of ['1', '3']) lru.get(key)
  lru.set('4', 4)
  assert.deepEqual(evicted, [2])
  lru.get('1')
  lru.set('5', 5)
  assert.deepEqual(
    [evicted, lru.values()],
    [
      [2, 3],
      [4, 1, 5],
    ],
  )
})

it('one that never fills keeps no trace of its uses', async () => {
  const lru = createLru<number>({ maxEntries: 2_000 })
  for (let key = 0; key < 5; key++) lru.set(`${key}`, key)
  const use = () => {
    for (let step = 0; step < 200_000; step++) lru.get(`${step % 5}`)
  }
  use()
  const before = await memoryInUse()
  use()
  const { heap } = await memoryInUse()
  assert(heap - before.heap < 1_000_000, `${heap - before.heap} octets`)
})
