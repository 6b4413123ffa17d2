/**
 * What is remembered of whoever comes is bounded: one more, and the oldest is forgotten, while the next oldest is not.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryInUse } from '../../devkit/torhaus/memory-in-use.ts'
import { classifyClient } from '../../src/http/client-class.ts'
import { RequestFieldReader } from '../../src/http/request-fields.ts'
import { ResponseFieldFilter } from '../../src/http/response-fields.ts'
import { AcceptedTokens } from '../../src/identity/accepted-tokens.ts'
import { RequestRate } from '../../src/limits/request-rate.ts'
import { readHead } from '../../src/upstream/response-head.ts'

test('of clients and accounts with a request rate the last 100,000 to have passed are remembered', () => {
  const rate = new RequestRate({ perSecond: 1, burst: 1 }, () => 1000)
  const isRemembered = (who: string) => rate.take(who) !== undefined
  for (let who = 0; who < 100_000; who++) rate.take(`client ${who}`)
  assert.equal(isRemembered('client 0'), true)
  rate.take('one more')
  assert.deepEqual([isRemembered('client 1'), isRemembered('client 0')], [true, false])
})

test('of tokens that the server has accepted the last 20,000 are remembered', () => {
  const tokens = new AcceptedTokens(() => 1000)
  for (let token = 0; token < 20_000; token++) tokens.note(`token ${token}`)
  assert.equal(tokens.has('token 0'), true)
  tokens.note('one more')
  assert.deepEqual([tokens.has('token 0'), tokens.has('token 1')], [false, true])
})

test('names of fields and programs that were made up keep none out of memory that come later', t => {
  const reader = new RequestFieldReader([], 200)
  for (let index = 0; index < 5000; index++) {
    reader.read([`X-Made-Up-${index}`, '1'])
    classifyClient(`made up ${index}`)
  }
  const request = () => {
    assert.equal(typeof reader.read(['Host', 'x', 'Accept', '*/*', 'X-Late', '1']), 'object')
    assert.equal(classifyClient('git/2.39.2 (late)'), 'git')
  }
  request()
  // Each name is looked into, and each program matched, when it comes first.
  const lookedInto = [t.mock.method(String.prototype, 'replaceAll'), t.mock.method(RegExp.prototype, 'test')]
  request()
  assert.deepEqual(
    lookedInto.map(({ mock }) => mock.callCount()),
    [0, 0],
  )
})

const MEGABYTE = 1024 * 1024
const LONG = 50_000

test('what is remembered of names of fields and of tokens does not grow with their length', async () => {
  const reader = new RequestFieldReader([], 200)
  const tokens = new AcceptedTokens(() => 1000)
  const before = await memoryInUse()
  for (let index = 0; index < 1000; index++) {
    const long = Buffer.alloc(LONG, `${index}-`).toString('latin1')
    reader.read([`X-${long}`, '1'])
    tokens.note(`Bearer ${long}`)
  }
  const { heap } = await memoryInUse()
  assert.ok(heap - before.heap < 10 * MEGABYTE, `${Math.round((heap - before.heap) / MEGABYTE)} MB`)
  // Both are still there.
  assert.ok(typeof reader.read(['Host', 'x']) === 'object' && !tokens.has('Bearer x'))
})

test('of names of fields in responses, neither length nor the responses they stood in are remembered', async () => {
  const filter = new ResponseFieldFilter('https://public.example', 'http://origin.example', [])
  const before = await memoryInUse()
  const padding = Buffer.alloc(LONG, 'x').toString('latin1')
  for (let index = 0; index < 400; index++) {
    for (const name of [`x-distinct-name-${index}`, `x-${index}-${padding}`]) {
      const text = Buffer.from(`HTTP/1.1 200 OK\r\n${name}: 1\r\nx-padding: ${padding}`).toString('latin1')
      filter.filter(readHead(text, false).rawFields)
    }
  }
  const { heap } = await memoryInUse()
  assert.ok(heap - before.heap < 10 * MEGABYTE, `${Math.round((heap - before.heap) / MEGABYTE)} MB`)
  assert.deepEqual(filter.filter(['Alt-Svc', 'x', 'X-Y', 'z']).fields, ['X-Y', 'z'])
})
