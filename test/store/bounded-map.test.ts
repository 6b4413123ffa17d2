import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryInUse } from '../../devkit/torhaus/memory-in-use.ts'
import { BoundedMap, remembered } from '../../src/bounded-map.ts'

/** The same, by the plainest means: a list, oldest first. */
class Model {
  readonly capacity: number
  entries: [number, number][] = []

  constructor(capacity: number) {
    this.capacity = capacity
  }

  set(key: number, value: number): void {
    this.entries = [...this.entries.filter(([known]) => known !== key), [key, value]].slice(-this.capacity) as [
      number,
      number,
    ][]
  }

  deleteWhere(fits: (value: number, key: number) => boolean): void {
    this.entries = this.entries.filter(([key, value]) => !fits(value, key))
  }
}

/** Reproducible: a linear congruential generator. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

for (const capacity of [1, 2, 7, 100]) {
  test(`whatever is done to it, a map for ${capacity} holds the entries written last, in their order`, () => {
    const next = numbers(capacity)
    const [map, model] = [new BoundedMap<number, number>(capacity), new Model(capacity)]
    for (let step = 0; step < 5000; step++) {
      const [what, key] = [next(20), next(3 * capacity)]
      if (what < 16) {
        map.set(key, step)
        model.set(key, step)
      } else if (what < 18) {
        map.delete(key)
        model.deleteWhere((_, known) => known === key)
      } else if (what === 18) {
        map.deleteWhere(value => value % 3 === 0)
        model.deleteWhere(value => value % 3 === 0)
      } else if (step % 50 === 0) {
        map.clear()
        model.entries = []
      }
      assert.deepEqual(
        [...map.values()],
        model.entries.map(([, value]) => value),
      )
      assert.equal(map.size, model.entries.length)
      assert.equal(map.get(key), model.entries.find(([known]) => known === key)?.[1])
    }
  })
}

test('a map that never fills keeps no trace of what was written before', async () => {
  const map = new BoundedMap<number, number>(5_000)
  const write = () => {
    for (let step = 0; step < 200_000; step++) map.set(step % 5, step)
  }
  write()
  const before = await memoryInUse()
  write()
  const { heap } = await memoryInUse()
  assert.ok(heap - before.heap < 1_000_000, `${heap - before.heap} octets`)
})

test('a result is remembered for short arguments alone, and until it is forgotten', () => {
  const made: string[] = []
  const length = remembered(
    text => {
      made.push(text)
      return text.length
    },
    { capacity: 10, maxLength: 3 },
  )
  for (const text of ['abc', 'abc', 'abcd', 'abcd']) assert.equal(length(text), text.length)
  assert.deepEqual(made, ['abc', 'abcd', 'abcd'])
  length.forget('abc')
  assert.equal(length('abc'), 3)
  assert.deepEqual(made.slice(3), ['abc'])
})
