/** Writes that wait for another program's lock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaitingLine } from '../../src/store/waiting-line.ts'

test('a thousand wait in line, one more is told that the store is not there, and all are done in their order', async () => {
  const line = new WaitingLine()
  let isLocked = true
  const done: number[] = []
  const write = (number: number) =>
    line.add(
      () => {
        if (isLocked) throw new Error('locked')
        done.push(number)
      },
      () => true,
    )
  const waiting = Array.from({ length: 1000 }, (_, number) => write(number))
  await assert.rejects(write(1000), { code: 'store-unavailable' })
  isLocked = false
  await Promise.all(waiting)
  assert.deepEqual(
    done,
    Array.from({ length: 1000 }, (_, number) => number),
  )
  assert.equal(line.isBusy, false)
})
