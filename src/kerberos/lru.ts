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

// A Map iterates in order of insertion, so an entry that is deleted and set again on each use moves to the end, and the
// first is the one unused for longest.
export function createLru<V>({ maxEntries, onEvict }: LruOptions<V>): Lru<V> {
  const entries = new Map<string, V>()
  // As in BoundedMap: a new iterator for each eviction would walk over the holes of all earlier ones.
  let oldestFirst = entries.entries()
  let writes = 0
  // As there, too: one that stands still keeps every table that V8 has replaced since.
  const wrote = () => {
    if (++writes <= maxEntries) return
    oldestFirst = entries.entries()
    writes = 0
  }
  return {
    get(key) {
      const value = entries.get(key)
      if (value !== undefined) {
        entries.delete(key)
        entries.set(key, value)
        wrote()
      }
      return value
    },
    set(key, value) {
      entries.delete(key)
      entries.set(key, value)
      if (entries.size <= maxEntries) return wrote()
      writes = 0
      const oldest = oldestFirst.next().value
      if (oldest === undefined) return
      entries.delete(oldest[0])
      onEvict?.(oldest[1])
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
