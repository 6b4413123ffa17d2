/**
 * Memory to read into, used again and again: a slab is given back by whoever reads into it, and by everybody who has
 * borrowed bytes of it, and then serves the next reader. Fresh memory for each 16 KB of TLS costs more than the
 * encryption.
 */

/** One read takes so much at most; of a slab that small responses pass through, the system gives the first pages only. */
const SLAB_BYTES = 65_536
/** Slabs that are kept for the next reader: 4 MiB. */
const MAX_FREE = 64

/** To be called once the bytes are written; as the callback of a write, with its error. More calls do nothing. */
export type GiveBack = (error?: Error | null) => void

const free: Slab[] = []

export class Slab {
  readonly bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #lent = 0
  #hasReader = true

  static take(): Slab {
    const slab = free.pop() ?? new Slab()
    slab.#hasReader = true
    return slab
  }

  get isLent(): boolean {
    return this.#lent > 0
  }

  /** The bytes that were read last stay as they are until they are given back. */
  lend(): GiveBack {
    this.#lent++
    let isBack = false
    return error => {
      // After an error nobody can say whether the system still reads them: the slab serves nobody any more.
      if (isBack || error) return
      isBack = true
      this.#lent--
      this.#keepIfFree()
    }
  }

  /** Nothing is read into it any more. */
  leave(): void {
    this.#hasReader = false
    this.#keepIfFree()
  }

  #keepIfFree(): void {
    if (this.#lent === 0 && !this.#hasReader && free.length < MAX_FREE) free.push(this)
  }
}
