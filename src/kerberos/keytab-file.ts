import { readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { isPrincipalOf } from '../../config/keytab-entries.ts'
import { disposeInTurns } from './in-turns.ts'
import { KerberosError } from './kerberos-error.ts'
import { KeyRing } from './key-ring.ts'
import { type KeytabEntry, keytabEntries, MAX_KEYTAB_BYTES, newestFirst, principalOf } from './protocol/keytab.ts'

/** A removed key opens tickets for at most this long, plus the time it takes to read a large file. */
const LOOK_AGAIN_MS = 1000

/** What is read at once: some 180 keys, half a millisecond. */
const ONE_TURN_BYTES = 16_384
const ENTRIES_IN_A_TURN = 75

type Entries = Map<string, KeytabEntry[]>

/**
 * A keytab on disk that is read again when it changes, so that a rotated key needs no restart. A large one is read
 * while requests are served with the previous keys.
 */
export class KeytabFile implements Disposable {
  readonly #path: string
  readonly #monotonic: (() => number) | undefined
  readonly #isWanted: (principal: string) => boolean
  /** State of the file that was read last, or is being read. */
  #seen = ''
  #lookAgainAtMs = 0
  #entries: Entries = new Map()
  /** By the names that they are of. */
  #rings = new Map<string, KeyRing>()
  #generation = 0

  /**
   * Throws `service-credential-refused` if the file is not a keytab. `monotonic`: milliseconds; without it
   * `lookNowAndThen` always looks. `principals`: whose keys are kept (`HTTP/host@REALM`, `HTTP/*@REALM`); default: all.
   */
  constructor(path: string, monotonic?: () => number, principals?: readonly string[]) {
    this.#path = path
    this.#monotonic = monotonic
    this.#isWanted = principal => principals?.some(wanted => isPrincipalOf(wanted, principal)) ?? true
    try {
      this.#refresh(MAX_KEYTAB_BYTES)
    } catch (cause) {
      throw new KerberosError('service-credential-refused', 'service-credential', { text: 'keytab', cause })
    }
  }

  /** Changes whenever the keys may have changed, as of the last check. */
  get generation(): number {
    return this.#generation
  }

  /**
   * Identifies the version of the file that was read last, or is being read: it changes when the file is rewritten, and
   * is the same in each process.
   */
  get state(): string {
    return this.#seen
  }

  /**
   * The keys of `name` (`HTTP/host@REALM`), newest first; of `HTTP/*@REALM` those of all such names. Looks at the file,
   * for microseconds, but reads it only when it has changed.
   */
  keysOf(name: string): readonly KeytabEntry[] {
    this.#look()
    return this.#found(name)
  }

  #found(name: string): readonly KeytabEntry[] {
    if (!name.includes('*')) return this.#entries.get(name) ?? []
    return [...this.#entries].flatMap(([principal, keys]) => (isPrincipalOf(name, principal) ? keys : []))
  }

  /** The keys of all these names, to open tickets with; looks at the file as `keysOf` does. */
  ringOf(names: readonly string[]): KeyRing {
    this.#look()
    const of = names.join(' ')
    const known = this.#rings.get(of)
    if (known !== undefined) return known
    const ring = new KeyRing(names.flatMap(name => this.#found(name)))
    this.#rings.set(of, ring)
    return ring
  }

  /** Looks at the file unless that was done within the last second: for those who ask again and again. */
  lookNowAndThen(): void {
    const nowMs = this.#monotonic?.()
    if (nowMs !== undefined && nowMs < this.#lookAgainAtMs) return
    this.#look()
    if (nowMs !== undefined) this.#lookAgainAtMs = nowMs + LOOK_AGAIN_MS
  }

  /** Overwrites the keys. */
  [Symbol.dispose](): void {
    for (const key of keysIn(this.#entries)) key[Symbol.dispose]()
    this.#entries = new Map()
    this.#rings = new Map()
    this.#seen = ''
  }

  #look(): void {
    try {
      this.#refresh(ONE_TURN_BYTES)
    } catch {
      // It is being written: what was read before serves until it can be read again.
    }
  }

  #refresh(mostAtOnce: number): void {
    const about = statSync(this.#path)
    const { ino, size, mtimeMs } = about
    const seen = `${ino} ${size} ${mtimeMs}`
    if (seen === this.#seen) return
    // A pipe would be waited for, and a device read, without an end.
    if (!about.isFile()) throw new Error('no file')
    if (size > MAX_KEYTAB_BYTES) throw new Error('keytab too large')
    if (size > mostAtOnce) {
      this.#seen = seen
      void this.#readBeside(seen)
      return
    }
    const octets = readFileSync(this.#path)
    const entries: Entries = new Map()
    for (const entry of keytabEntries(octets, this.#isWanted)) add(entries, entry)
    octets.fill(0)
    this.#seen = seen
    this.#replace(entries)
  }

  async #readBeside(seen: string): Promise<void> {
    try {
      const octets = await readFile(this.#path)
      const entries: Entries = new Map()
      let count = 0
      for (const entry of keytabEntries(octets, this.#isWanted)) {
        add(entries, entry)
        if (++count % ENTRIES_IN_A_TURN === 0) await setImmediate()
      }
      octets.fill(0)
      // The file may have changed again in the meantime, and the newer version was read first.
      if (seen === this.#seen) this.#replace(entries)
      else disposeInTurns(keysIn(entries))
    } catch {
      // As in #look.
      if (seen === this.#seen) this.#seen = ''
    }
  }

  #replace(entries: Entries): void {
    disposeInTurns(keysIn(this.#entries))
    this.#entries = entries
    this.#rings = new Map()
    this.#generation++
  }
}

/** Each name's newest first, of equal ones the one that was added last. */
function add(entries: Entries, entry: KeytabEntry | undefined): void {
  if (entry === undefined) return
  const name = principalOf(entry)
  const same = entries.get(name) ?? []
  if (same.length === 0) entries.set(name, same)
  let at = same.length
  for (let before = same[at - 1]; before !== undefined && newestFirst(entry, before) <= 0; before = same[at - 1]) at--
  same.splice(at, 0, entry)
}

function* keysIn(entries: Entries): Generator<Disposable> {
  for (const same of entries.values()) for (const { key } of same) yield key
}
