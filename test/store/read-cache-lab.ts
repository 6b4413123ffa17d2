import type { Awaitable } from '../../src/awaitable.ts'
import { Fault } from '../../src/errors.ts'
import { ReadCache, type ReadCacheSettings } from '../../src/store/read-cache.ts'

interface Value {
  readonly text: string
}

/** A cache on a store whose answers the test gives, one by one. */
export function setUp(settings: Partial<ReadCacheSettings> = {}, isSync = false) {
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

export const A = { text: 'a' }
export const B = { text: 'b' }
export const away = () => new Fault('store-unavailable')
