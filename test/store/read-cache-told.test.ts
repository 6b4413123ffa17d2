/** What was read holds while the store tells of changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { A, away, B, setUp } from './read-cache-lab.ts'

test('the grace counts from when an answer that was in use was still told, however long ago it was read', async () => {
  const told = { untilMs: 1_000_000 }
  const { clock, asked, get, load } = setUp({ knownUntilMs: () => told.untilMs, lastsMs: 60_000 })
  await load(A)
  for (; clock.ms < 1_059_000; clock.ms += 500) {
    told.untilMs = clock.ms
    assert.equal(get(), A)
  }
  assert.equal(asked.length, 1)
  // Told no more, as when the connection is lost; nothing was missed until then.
  const toldUntilMs = told.untilMs
  told.untilMs = Number.NEGATIVE_INFINITY
  for (const [atMs, isBelieved] of [
    [toldUntilMs + 1000, true],
    [toldUntilMs + 9999, true],
    [toldUntilMs + 10_000, false],
  ] as const) {
    clock.ms = atMs
    const answer = Promise.resolve(get())
    asked.at(-1)?.fail(away())
    if (isBelieved) assert.equal(await answer, A, String(atMs))
    else await assert.rejects(answer, { code: 'store-unavailable' })
  }
})

test('an answer lasts while changes are told, until one is told of it, and for so long at most', async () => {
  const told = { untilMs: 1_000_000 }
  const { clock, asked, cache, get, load } = setUp({ knownUntilMs: () => told.untilMs, lastsMs: 60_000 })
  await load(A)
  // Told again and again: what was read holds.
  for (; clock.ms < 1_030_000; clock.ms += 500) {
    told.untilMs = clock.ms
    assert.equal(get(), A)
  }
  cache.expireBy('text', ['b'])
  assert.equal(get(), A)
  assert.equal(asked.length, 1)
  cache.expireBy('text', ['b', 'a'])
  assert.equal(await load(B), B)
  assert.equal(asked.length, 2)
  // Nothing is told any more: it counts for `cacheMs` from then on, as without.
  clock.ms += 1499
  told.untilMs = clock.ms - 999
  assert.equal(get(), B)
  clock.ms += 1
  assert.ok(get() instanceof Promise)
  asked.at(-1)?.answer(B)
  await get()
  clock.ms += 60_000
  told.untilMs = clock.ms
  assert.ok(get() instanceof Promise, 'nobody has told, but it is too long ago')
})

test('that there is none counts as long as changes are told, and is asked each time otherwise', async () => {
  const known = { untilMs: 1_000_000 }
  const { clock, asked, get, load } = setUp({
    ...{ keepsAbsent: 'while told', lastsMs: 60_000, knownUntilMs: () => known.untilMs },
  })
  await load(undefined)
  known.untilMs = clock.ms += 5000
  assert.equal(get(), undefined)
  assert.equal(asked.length, 1)
  // Nobody tells any more.
  clock.ms += 1000
  await load(undefined)
  await load(undefined)
  assert.equal(asked.length, 3)
  const answer = get()
  asked.at(-1)?.fail(away())
  await assert.rejects(async () => answer, { code: 'store-unavailable' })
  // It does again; what was read last was read while nobody did.
  known.untilMs = clock.ms
  assert.equal(get(), undefined)
  known.untilMs = clock.ms += 60_000
  assert.ok(get() instanceof Promise)
})

test('that there is none is forgotten by what it would be found by, also while it is read', async () => {
  for (const tell of ['forgetBy', 'expireBy', 'expireKeys', 'expire', 'forget'] as const) {
    const { clock, asked, cache, get, load } = setUp({
      ...{ keepsAbsent: 'while told', lastsMs: 60_000, knownUntilMs: () => clock.ms },
    })
    const say = () => {
      if (tell === 'forgetBy') cache.forgetBy('text', 'k')
      else if (tell === 'expireBy') cache.expireBy('text', ['x', 'k'])
      else if (tell === 'expireKeys') cache.expireKeys(['k1'])
      else if (tell === 'forget') cache.forget('k1')
      else cache.expire()
    }
    await load(undefined, 'k1')
    await load(undefined, 'other')
    assert.equal(get('k1'), undefined)
    say()
    const late = get('k1')
    assert.ok(late instanceof Promise, tell)
    say()
    asked.at(-1)?.answer(undefined)
    assert.equal(await late, undefined)
    assert.equal(await load(A, 'k1'), A)
    assert.equal(get('k1'), A)
    if (tell !== 'expire') assert.equal(get('other'), undefined)
  }
})
