/**
 * A bounded map whose entries can also be found by properties of their values, with one index per property.
 *
 *   index:  property --> the key of the one entry that has it, or a set of keys
 *
 * Invariant: an entry is in each index under its property, and an index has nothing else. So the properties of a value
 * must not change while it is in the map. A single key is stored without a set, because most properties belong to one
 * entry, and a set of one takes 200 bytes.
 */
import { BoundedMap } from '../bounded-map.ts'

type Keys = string | Set<string>

interface Index<V> {
  readonly of: (value: V) => string
  readonly keys: Map<string, Keys>
}

/** `By`: names of the indexed properties. */
export class IndexedMap<V, By extends string> {
  readonly #entries: BoundedMap<string, V>
  readonly #indexes: ReadonlyMap<By, Index<V>>

  /** `foundBy`: functions that return the indexed properties of a value. */
  constructor(capacity: number, foundBy: Readonly<Record<By, (value: V) => string>>) {
    this.#entries = new BoundedMap(capacity)
    const named = Object.entries(foundBy) as [By, (value: V) => string][]
    this.#indexes = new Map(named.map(([by, of]) => [by, { of, keys: new Map() }]))
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  set(key: string, value: V): void {
    this.delete(key)
    const oldest = this.#entries.set(key, value)
    if (oldest !== undefined) this.#leave(...oldest)
    for (const { of, keys } of this.#indexes.values()) enter(keys, of(value), key)
  }

  delete(key: string): void {
    const value = this.#entries.get(key)
    if (value === undefined) return
    this.#entries.delete(key)
    this.#leave(key, value)
  }

  values(): Iterable<V> {
    return this.#entries.values()
  }

  /** Snapshot of the keys of all entries with that property. */
  keysBy(by: By, property: string): readonly string[] {
    const keys = this.#indexes.get(by)?.keys.get(property)
    if (keys === undefined) return []
    return typeof keys === 'string' ? [keys] : [...keys]
  }

  #leave(key: string, value: V): void {
    for (const { of, keys } of this.#indexes.values()) leave(keys, of(value), key)
  }
}

function enter(index: Map<string, Keys>, property: string, key: string): void {
  const known = index.get(property)
  if (known === undefined) index.set(property, key)
  else if (typeof known === 'string') index.set(property, new Set([known, key]))
  else known.add(key)
}

function leave(index: Map<string, Keys>, property: string, key: string): void {
  const known = index.get(property)
  if (typeof known !== 'object') {
    index.delete(property)
    return
  }
  known.delete(key)
  const [last] = known
  if (known.size === 1 && last !== undefined) index.set(property, last)
}
