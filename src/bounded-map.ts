/**
 * A map that holds at most `capacity` entries; when it is full, the one written longest ago is evicted.
 *
 * A Map iterates in order of insertion. One iterator advances with the evictions for the whole life of the map,
 * because every entry that it has passed is deleted. A new one for each eviction would have to skip all the holes left
 * by earlier evictions, which at 50,000 entries costs thirty times as much (`npm run bench -- bounded-map`). But an
 * iterator that does not advance keeps alive each table that V8 has replaced since, one every few writes. So, while
 * nothing is evicted, it is renewed once there were more writes than the capacity; what it keeps alive is less than the
 * full map.
 */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  #oldestFirst = this.#entries.entries()
  /** Since the iterator moved or was renewed. */
  #writes = 0
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** Returns the entry that was evicted for it; undefined: none. */
  set(key: K, value: V): readonly [K, V] | undefined {
    // An entry that is deleted and set again becomes the newest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#capacity) {
      if (++this.#writes > this.#capacity) this.#renew()
      return undefined
    }
    this.#writes = 0
    // Above the capacity, there is always a next entry; an iterator that had reached the end would stay there.
    const oldest = this.#oldestFirst.next().value as [K, V]
    this.#entries.delete(oldest[0])
    return oldest
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  /** Deletes the entries whose value fits; reads all of them. */
  deleteWhere(fits: (value: V) => boolean): void {
    for (const [key, value] of this.#entries) if (fits(value)) this.#entries.delete(key)
  }

  values(): Iterable<V> {
    return this.#entries.values()
  }

  clear(): void {
    this.#entries.clear()
    this.#renew()
  }

  #renew(): void {
    this.#oldestFirst = this.#entries.entries()
    this.#writes = 0
  }
}

export interface RememberedSettings {
  /** Most results kept; the one made longest ago is dropped first. */
  readonly capacity: number
  /** In characters. Results for longer texts are not kept, because such texts are not expected again. */
  readonly maxLength: number
}

/** `make` with its results remembered, for arguments that recur. A result must depend on its argument alone. */
export function remembered<Result>(
  make: (text: string) => Result,
  { capacity, maxLength }: RememberedSettings,
): { (text: string): Result; forget(text: string): void } {
  const results = new BoundedMap<string, Result>(capacity)
  const recall = (text: string): Result => {
    const known = results.get(text)
    if (known !== undefined) return known
    const made = make(text)
    if (text.length <= maxLength) results.set(text, made)
    return made
  }
  return Object.assign(recall, { forget: (text: string) => results.delete(text) })
}
