/** What a trace says of a request is kept for the page of operators: not the request with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pathOf } from '../../src/observability/trace-facts.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const TARGETS = 200
const BYTES = 100_000

test('a path that is kept does not keep the target that it stood in', () => {
  collect()
  const before = process.memoryUsage().heapUsed
  const kept = Array.from({ length: TARGETS }, (_, index) => [
    pathOf(Buffer.alloc(BYTES, `/path-of-request-${index}?`).toString('latin1')),
    pathOf(Buffer.alloc(BYTES, `/long-path-of-request-${index}`).toString('latin1')),
  ])
  collect()
  assert.ok(process.memoryUsage().heapUsed - before < TARGETS * (BYTES / 4))
  assert.equal(kept[7]?.[0], '/path-of-request-7')
  assert.match(kept[7]?.[1] ?? '', /^(?:\/long-path-of-request-7)+.*\.\.\.$/)
})

test('a path is without authority, query and what names one thing of ours', () => {
  assert.equal(pathOf('https://devops.example/a/b/c/d?secret'), '/a/b/c/d')
  assert.equal(pathOf('/.torhaus/confirm/code/more#x'), '/.torhaus/confirm/...')
  assert.equal(pathOf('*'), '*')
  assert.equal(pathOf('?a'), '')
})
