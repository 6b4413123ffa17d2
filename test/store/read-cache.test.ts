import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/errors.ts'
import { A, away, B, setUp } from './read-cache-lab.ts'

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

test('an answer whose key expired while it was read is read again, and believed only while the store is away', async () => {
  for (const expire of [
    cache => cache.expire(),
    cache => cache.expireKeys(['k']),
    cache => cache.expireBy('text', ['a']),
    cache => cache.expireWhere(() => true),
  ] as readonly ((cache: ReturnType<typeof setUp>['cache']) => void)[]) {
    const { clock, asked, cache, get, load } = setUp()
    const first = get()
    expire(cache)
    asked[0]?.answer(A)
    assert.equal(await first, A)
    const again = get()
    assert.equal(asked.length, 2, String(expire))
    asked[1]?.fail(away())
    assert.equal(await again, A, String(expire))
    clock.ms += 10_000
    const late = get()
    asked[2]?.fail(away())
    await assert.rejects(Promise.resolve(late), { code: 'store-unavailable' }, String(expire))
    assert.equal(await load(B), B)
    assert.equal(get(), B)
  }
})

test('that there is none, where that is kept, is believed as well when its key expired while it was read', async () => {
  const { asked, cache, get } = setUp({ keepsAbsent: 'always' })
  const first = get()
  cache.expire()
  asked[0]?.answer(undefined)
  assert.equal(await first, undefined)
  const again = get()
  assert.equal(asked.length, 2)
  asked[1]?.fail(away())
  assert.equal(await again, undefined)
})

test('what was forgotten while it was read is not believed, whatever expired since', async () => {
  for (const forget of ['forget', 'forgetBy'] as const) {
    const { asked, cache, get } = setUp()
    const first = get()
    if (forget === 'forgetBy') cache.forgetBy('text', 'no such')
    else cache.forget('k')
    cache.expireKeys(['k'])
    asked[0]?.answer(A)
    assert.equal(await first, A)
    const again = get()
    asked[1]?.fail(away())
    await assert.rejects(Promise.resolve(again), { code: 'store-unavailable' }, forget)
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
