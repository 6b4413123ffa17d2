/**
 * A map that holds at most `capacity` entries: the one written longest ago makes room.
 *
 * A Map iterates in the order of insertion, and one iterator walks along with the evictions for the whole life of the
 * map: what it has passed is gone. A new one for each eviction would walk over all the holes that earlier ones left,
 * which at 50,000 entries costs thirty times as much (`npm run bench -- bounded-map`). But an iterator that stands still
 * keeps each table that V8 has replaced since, one every few writes: where nothing is evicted it is renewed after as many
 * writes as there are places, and what it keeps is less than the full map.
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

  /** Returns the entry that made room for it. */
  set(key: K, value: V): readonly [K, V] | undefined {
    // Taking an entry out and in again makes it the newest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#capacity) {
      if (++this.#writes > this.#capacity) this.#renew()
      return undefined
    }
    this.#writes = 0
    // Above the capacity there is always one to come: an iterator that has reached the end would stay there.
    const oldest = this.#oldestFirst.next().value as [K, V]
    this.#entries.delete(oldest[0])
    return oldest
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  /** Takes out what fits; reads all entries. */
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
  /** Most results kept: the one made longest ago makes room. */
  readonly capacity: number
  /** Characters. What is longer comes from nobody who comes again, and is not kept. */
  readonly maxLength: number
}

/** `make`, for arguments that come again and again. It must depend on nothing else. */
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
