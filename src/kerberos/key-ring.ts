import { asciiLower } from '../ascii-case.ts'
import type { EncryptionKey } from './protocol/encryption-key.ts'
import type { KeytabEntry } from './protocol/keytab.ts'
import type { Ticket } from './protocol/ticket.ts'

/** Keys of one encryption type, each once however many names and numbers it stands under. */
interface KeysOfType {
  readonly all: Set<EncryptionKey>
  readonly byNumber: Map<number, Set<EncryptionKey>>
  readonly byName: Map<string, KeytabEntry[]>
}

/**
 * Keys that open tickets, indexed once. Anybody can send tickets, and a keytab may have thousands of keys (`HTTP/*`),
 * so the keys to try on a ticket are found without looking at all of them.
 */
export class KeyRing {
  readonly #byType = new Map<number, KeysOfType>()
  #longestName = 0

  /** `entries`: the newest of each name first. */
  constructor(entries: Iterable<KeytabEntry>) {
    for (const entry of entries) this.#add(entry)
  }

  /** Under which numbers there are keys of the type. */
  numbersOf(etype: number): ReadonlySet<number> {
    return new Set(this.#byType.get(etype)?.byNumber.keys())
  }

  /**
   * Those of the type of the ticket: of its name and number, of its name, of its number, all others; some more than once.
   * A KDC of Windows finds a name in whatever letter case.
   */
  *byHope({ encrypted: { etype, kvno }, service }: Ticket): Generator<EncryptionKey> {
    const keys = this.#byType.get(etype)
    if (keys === undefined) return
    const name = service.components.join('/')
    // One of a client may have 60,000 letters.
    const named = (name.length > this.#longestName ? undefined : keys.byName.get(asciiLower(name))) ?? []
    for (const entry of named) if (entry.kvno === kvno) yield entry.key
    for (const { key } of named) yield key
    if (kvno !== undefined) yield* keys.byNumber.get(kvno) ?? []
    yield* keys.all
  }

  #add(entry: KeytabEntry): void {
    const { key, kvno } = entry
    const name = entry.name.components.join('/')
    this.#longestName = Math.max(this.#longestName, name.length)
    const keys = valueIn(this.#byType, key.enctype.number, newKeys)
    keys.all.add(key)
    valueIn(keys.byNumber, kvno, () => new Set<EncryptionKey>()).add(key)
    valueIn<string, KeytabEntry[]>(keys.byName, asciiLower(name), () => []).push(entry)
  }
}

const newKeys = (): KeysOfType => ({ all: new Set(), byNumber: new Map(), byName: new Map() })

function valueIn<K, V>(map: Map<K, V>, name: K, make: () => V): V {
  const known = map.get(name)
  if (known !== undefined) return known
  const made = make()
  map.set(name, made)
  return made
}
