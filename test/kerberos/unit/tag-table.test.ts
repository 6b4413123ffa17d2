/** The set of tokens that were seen. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { TagTable } from '../../../src/kerberos/tag-table.ts'

const COUNT = 200_000

test('a set of tags grows by small parts, and forgets none', () => {
  const table = new TagTable()
  const octets = randomBytes(16 * COUNT)
  const add = (index: number) => {
    const at = 16 * index
    const word = (offset: number) => octets.readUInt32LE(at + offset)
    return table.add(word(0), word(4), word(8), word(12))
  }
  for (let index = 0; index < COUNT; index++) assert.equal(add(index), true)
  for (let index = 0; index < COUNT; index += 7) assert.equal(add(index), false)
  // By chance a part has somewhat more than its share of them.
  assert(table.mostMoved > 0 && table.mostMoved <= COUNT / 100, `${table.mostMoved} moved at once`)
})

test('a part grows when it is half full, and what was moved is counted once', () => {
  const table = new TagTable()
  const movedAt = Array.from({ length: 18 }, (_, index) => {
    table.add(index * 2, index, 0, 0)
    return table.moved
  })
  // Eight of 16 places, then 16 of 32.
  assert.deepEqual(movedAt, [...Array(8).fill(0), ...Array(8).fill(8), 24, 24])
})

type Tag = Parameters<TagTable['add']>

test('tags that differ in one word alone are several, though they are looked for in one place', () => {
  const table = new TagTable()
  const tags: readonly Tag[] = [
    [3, 5, 7, 9],
    [5, 5, 7, 9],
    [3, 1029, 7, 9],
    [3, 5, 1031, 9],
    [3, 5, 7, 8],
  ]
  for (const isNew of [true, false]) for (const tag of tags) assert.equal(table.add(...tag), isNew, tag.join())
  // Other words, each of which one of them has.
  const mixed: readonly Tag[] = [
    [3, 1029, 1031, 8],
    [5, 5, 1031, 8],
    [5, 1029, 7, 8],
  ]
  for (const tag of mixed) assert.equal(table.add(...tag), true, tag.join())
})
