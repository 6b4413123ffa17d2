import { readFileSync, statSync } from 'node:fs'
import { KerberosError } from './kerberos-error.ts'
import { type Keytab, type KeytabEntry, MAX_KEYTAB_BYTES, readKeytab } from './protocol/keytab.ts'

/** A key that was taken out opens tickets for so long at most. */
const LOOK_AGAIN_MS = 1000

/** A keytab on disk, read again when it changes, so that a rotated key needs no restart. */
export class KeytabFile implements Disposable {
  readonly #path: string
  readonly #monotonic: (() => number) | undefined
  #seen = ''
  #lookAgainAtMs = 0
  #keytab: Keytab = { entries: [], skipped: 0 }
  #generation = 0

  /**
   * Throws `service-credential-refused` where the file is no keytab. `monotonic`: milliseconds; without it nobody is
   * spared a look.
   */
  constructor(path: string, monotonic?: () => number) {
    this.#path = path
    this.#monotonic = monotonic
    try {
      this.#refresh()
    } catch (cause) {
      throw new KerberosError('service-credential-refused', 'service-credential', { text: 'keytab', cause })
    }
  }

  /** Changes whenever the keys may have, as far as the last look tells. */
  get generation(): number {
    return this.#generation
  }

  /**
   * The keys of `name` (`HTTP/host@REALM`), newest first. Looks at the file, for microseconds, but reads it only when
   * it has changed.
   */
  keysOf(name: string): readonly KeytabEntry[] {
    this.#look()
    return this.#keytab.entries.filter(entry => nameOfEntry(entry) === name)
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
    for (const { key } of this.#keytab.entries) key[Symbol.dispose]()
    this.#keytab = { entries: [], skipped: 0 }
  }

  #look(): void {
    try {
      this.#refresh()
    } catch {
      // It is being written: what was read before serves until it can be read again.
    }
  }

  #refresh(): void {
    const { ino, size, mtimeMs } = statSync(this.#path)
    const seen = `${ino} ${size} ${mtimeMs}`
    if (seen === this.#seen) return
    if (size > MAX_KEYTAB_BYTES) throw new Error('keytab too large')
    const octets = readFileSync(this.#path)
    const keytab = readKeytab(octets)
    octets.fill(0)
    this[Symbol.dispose]()
    this.#keytab = keytab
    this.#seen = seen
    this.#generation++
  }
}

const nameOfEntry = ({ name, realm }: KeytabEntry): string => `${name.components.join('/')}@${realm}`
