import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Slab } from '../../src/io/slab.ts'

test('a slab serves the next reader once its reader has left and all that was lent is back', () => {
  const slab = Slab.take()
  const [one, other] = [slab.lend(), slab.lend()]
  slab.leave()
  one()
  assert.notEqual(Slab.take(), slab)
  assert.equal(slab.isLent, true)
  other()
  assert.equal(Slab.take(), slab)
})

test('a slab that is still read into serves nobody else', () => {
  const slab = Slab.take()
  slab.lend()()
  assert.notEqual(Slab.take(), slab)
})

test('what is given back twice counts once', () => {
  const slab = Slab.take()
  const [one] = [slab.lend(), slab.lend()]
  one()
  one()
  slab.leave()
  assert.equal(slab.isLent, true)
  assert.notEqual(Slab.take(), slab)
})

test('bytes that could not be written are never read over', () => {
  const slab = Slab.take()
  slab.lend()(new Error('write EPIPE'))
  slab.leave()
  assert.notEqual(Slab.take(), slab)
})
