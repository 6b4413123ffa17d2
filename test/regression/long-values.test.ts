/** Heads have up to 128 KB: what is too long, or needs one look only, cost 8 ms a request where it was taken apart first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { viaTest } from '../../src/http/via.ts'
import { stepUpFrom } from '../../src/routes/good-session.ts'

const LONG = 'a b,'.repeat(32_768)

/** Other programs and the collector only ever add. */
function leastMs(read: (value: string) => unknown): number {
  const times = Array.from({ length: 20 }, () => {
    const startedAtMs = performance.now()
    read(LONG)
    return performance.now() - startedAtMs
  })
  return Math.min(...times)
}

const apartMs = leastMs(value => value.split(' ').map(part => part.trim()))

test('Via is looked through without being taken apart', () => {
  assert.ok(leastMs(viaTest('1.1 torhaus-devops.example')) < apartMs)
})

test('acr_values that are too long are refused before they are taken apart', () => {
  const query = new URLSearchParams({ acr_values: LONG })
  const costMs = leastMs(() => assert.throws(() => stepUpFrom(query, { maxAgeSeconds: 60 } as never)))
  assert.ok(costMs < apartMs / 2)
})
