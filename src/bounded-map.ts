/**
 * A map that holds at most `capacity` entries: the one written longest ago makes room.
 *
 * A Map iterates in the order of insertion, and one iterator walks along with the evictions for the whole life of the
 * map: what it has passed is gone. A new one for each eviction would walk over all the holes that earlier ones left,
 * which at 50,000 entries costs thirty times as much (`npm run bench -- bounded-map`).
 */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #oldestFirst = this.#entries.keys()
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

  set(key: K, value: V): void {
    // Taking an entry out and in again makes it the newest.
    this.#entries.delete(key)
    this.#entries.set(key, value)
    // Above the capacity there is always one to come: an iterator that has reached the end would stay there.
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#oldestFirst.next().value as K)
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
  }
}
