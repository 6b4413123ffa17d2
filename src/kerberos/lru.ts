import { BoundedMap } from '../bounded-map.ts'

/** A map that forgets its least recently used entry when it would grow past `maxEntries`. */
export type Lru<V> = {
  /** Counts as a use. */
  get(key: string): V | undefined
  set(key: string, value: V): void
  /** Removes the entry and answers what it held; `onEvict` is not called. */
  take(key: string): V | undefined
  values(): V[]
  readonly size: number
}

export type LruOptions<V> = { readonly maxEntries: number; readonly onEvict?: (value: V) => void }

// What is written makes room by its age: so each use writes the entry again, and the one unused for longest goes first.
export function createLru<V>({ maxEntries, onEvict }: LruOptions<V>): Lru<V> {
  const entries = new BoundedMap<string, V>(maxEntries)
  return {
    get(key) {
      const value = entries.get(key)
      if (value !== undefined) entries.set(key, value)
      return value
    },
    set(key, value) {
      const evicted = entries.set(key, value)
      if (evicted !== undefined) onEvict?.(evicted[1])
    },
    take(key) {
      const value = entries.get(key)
      entries.delete(key)
      return value
    },
    values: () => [...entries.values()],
    get size() {
      return entries.size
    },
  }
}
