import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { IndexedMap } from '../../src/store/indexed-map.ts'

interface Value {
  readonly one: string
  readonly many: string
}

const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ set: letter, value: fc.record({ one: letter, many: fc.constantFrom('x', 'y') }) }),
  },
  { weight: 1, arbitrary: fc.record({ delete: letter }) },
)

test('whatever is set, deleted or makes room, an entry is found by each of its properties, and nothing else is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 40 }), (capacity, steps) => {
      const map = new IndexedMap<Value, 'one' | 'many'>(capacity, { one: ({ one }) => one, many: ({ many }) => many })
      /** Oldest first. */
      let model: [string, Value][] = []
      for (const taken of steps) {
        if ('set' in taken) {
          map.set(taken.set, taken.value)
          model = [...model.filter(([key]) => key !== taken.set), [taken.set, taken.value] as [string, Value]]
          model = model.slice(-capacity)
        } else {
          map.delete(taken.delete)
          model = model.filter(([key]) => key !== taken.delete)
        }
        assert.deepEqual(
          [...map.values()],
          model.map(([, value]) => value),
        )
        for (const by of ['one', 'many'] as const)
          for (const property of ['a', 'b', 'c', 'd', 'e', 'x', 'y']) {
            const fits = model.filter(([, value]) => value[by] === property).map(([key]) => key)
            assert.deepEqual([...map.keysBy(by, property)].sort(), fits.sort(), `${by} ${property}`)
          }
      }
    }),
    { numRuns: 500 },
  )
})
