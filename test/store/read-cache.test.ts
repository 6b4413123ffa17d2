import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Awaitable } from '../../src/awaitable.ts'
import { Fault } from '../../src/errors.ts'
import { ReadCache, type ReadCacheSettings } from '../../src/store/read-cache.ts'

interface Value {
  readonly text: string
}

/** A cache on a store whose answers the test gives, one by one. */
function setUp(settings: Partial<ReadCacheSettings> = {}, isSync = false) {
  const clock = { ms: 1_000_000 }
  const asked: { readonly key: string; answer(value: Value | undefined): void; fail(error: unknown): void }[] = []
  let next: Value | undefined | Error
  const read = (key: string): Awaitable<Value | undefined> => {
    if (isSync) {
      asked.push({ key, answer: () => undefined, fail: () => undefined })
      if (next instanceof Error) throw next
      return next
    }
    return new Promise((resolve, reject) => asked.push({ key, answer: resolve, fail: reject }))
  }
  const cache = new ReadCache<string, Value, 'text'>(
    { cacheMs: 1000, maxCached: 100, graceSeconds: 10, ...settings },
    read,
    () => clock.ms,
    { text: ({ text }) => text },
    undefined,
    // Of a key, what its value would be found by.
    { text: key => key.slice(0, 1) },
  )
  const get = (key = 'k') => cache.get(key, key)
  /** Reads with that answer. */
  const load = async (value: Value | undefined, key = 'k') => {
    const answer = get(key)
    asked.at(-1)?.answer(value)
    return answer
  }
  const setNext = (value: Value | undefined | Error) => {
    next = value
  }
  return { clock, asked, cache, get, load, setNext }
}

const A = { text: 'a' }
const B = { text: 'b' }
const away = () => new Fault('store-unavailable')

test('a fresh answer is given synchronously, and the store is asked again when it is old', async () => {
  const { clock, asked, get, load } = setUp()
  assert.equal(await load(A), A)
  clock.ms += 999
  assert.equal(get(), A)
  assert.equal(asked.length, 1)
  clock.ms += 1
  assert.ok(get() instanceof Promise)
  assert.equal(asked.length, 2)
})

test('a store that answers synchronously is answered from synchronously, faults too, and without grace they are told', () => {
  const { clock, get, setNext } = setUp({ graceSeconds: 0 }, true)
  setNext(A)
  assert.equal(get(), A)
  clock.ms += 1000
  setNext(away())
  assert.throws(get, { code: 'store-unavailable' })
})

test('many who ask at once for one key cost one read, and another key its own', async () => {
  const { asked, get } = setUp()
  const answers = [get(), get(), get('other'), get()]
  assert.deepEqual(
    asked.map(({ key }) => key),
    ['k', 'other'],
  )
  for (const { answer } of asked) answer(A)
  assert.deepEqual(await Promise.all(answers), [A, A, A, A])
})

test('an answer whose reading began before the key was forgotten is not kept, and who asks afterwards does not get it', async () => {
  for (const forget of ['forget', 'forgetBy', 'expire'] as const) {
    const { asked, cache, get } = setUp()
    const before = get()
    if (forget === 'forgetBy') cache.forgetBy('text', 'no such')
    else cache[forget]('k')
    const after = get()
    assert.equal(asked.length, 2, forget)
    asked[1]?.answer(B)
    assert.equal(await after, B)
    asked[0]?.answer(A)
    assert.equal(await before, A)
    assert.equal(get(), B, forget)
  }
})

test('what is forgotten is read again, and nothing else is', async () => {
  const { cache, get, load } = setUp()
  await load(A)
  await load(B, 'other')
  cache.forgetBy('text', 'a')
  assert.ok(get() instanceof Promise)
  assert.equal(get('other'), B)
  cache.forget('other')
  assert.ok(get('other') instanceof Promise)
})

test('after changes were missed everything is read again, and nothing is lost should the store go away just then', async () => {
  const { asked, cache, get, load } = setUp()
  await load(A)
  cache.expire()
  const answer = get()
  assert.ok(answer instanceof Promise)
  asked.at(-1)?.fail(away())
  assert.equal(await answer, A)
})

test('while the store is away an answer is believed until the grace is over, and the store is asked once a second', async () => {
  const { clock, asked, get, load } = setUp()
  await load(A)
  for (let second = 1; second < 10; second++) {
    clock.ms += 1000
    const answer = get()
    asked.at(-1)?.fail(away())
    assert.equal(await answer, A, `second ${second}`)
    clock.ms += 0
    assert.equal(get(), A, 'at once')
    assert.equal(asked.length, 1 + second)
  }
  clock.ms += 1000
  const late = get()
  asked.at(-1)?.fail(away())
  await assert.rejects(Promise.resolve(late), { code: 'store-unavailable' })
})

test('the grace belongs to the store being away: any other error is told at once', async () => {
  const { clock, asked, get, load } = setUp()
  await load(A)
  clock.ms += 1000
  const answer = get()
  asked.at(-1)?.fail(new Fault('internal-error'))
  await assert.rejects(Promise.resolve(answer), { code: 'internal-error' })
})

test('what was forgotten is not believed any more, though the store be away', async () => {
  const { asked, cache, get, load } = setUp()
  await load(A)
  cache.forget('k')
  const answer = get()
  asked.at(-1)?.fail(away())
  await assert.rejects(Promise.resolve(answer), { code: 'store-unavailable' })
})

test('"there is none" is asked again each time, unless it is an answer to keep; then it is believed like any other', async () => {
  const plain = setUp()
  assert.equal(await plain.load(undefined), undefined)
  assert.ok(plain.get() instanceof Promise)
  const { clock, asked, get, load } = setUp({ keepsAbsent: 'always' })
  assert.equal(await load(undefined), undefined)
  assert.equal(get(), undefined)
  clock.ms += 1000
  const answer = get()
  asked.at(-1)?.fail(away())
  assert.equal(await answer, undefined)
  clock.ms += 10_000
  assert.equal(await load(A), A)
  assert.equal(get(), A)
})

test('keys that stand for nothing push out none that stand for something', async () => {
  const { get, load } = setUp({ keepsAbsent: 'always', maxCached: 10 })
  await load(A)
  for (let index = 0; index < 50; index++) await load(undefined, `made-up-${index}`)
  assert.equal(get(), A)
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
