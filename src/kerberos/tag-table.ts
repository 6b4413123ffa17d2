/** Octets of a tag: enough that two are never equal by chance. */
export const TAG_BYTES = 16

const WORDS = TAG_BYTES / 4
const FIRST_SLOTS = 16
/** A power of two. */
const PARTS = 256

/**
 * A set of tags, in parts that grow independently: moving all tags of a busy generation would take milliseconds, but
 * moving one part takes at most a tenth of one. Tags are hashes: the third word selects the part, the second the place.
 */
export class TagTable {
  #moved = 0
  readonly #parts: (TagTablePart | undefined)[] = Array.from({ length: PARTS }, () => undefined)

  /** False if it was there before. */
  add(a: number, b: number, c: number, d: number): boolean {
    const at = c & (PARTS - 1)
    let part = this.#parts[at]
    if (part === undefined) {
      part = new TagTablePart()
      this.#parts[at] = part
    }
    const before = part.lastMoved
    const isNew = part.add(a, b, c, d)
    if (part.lastMoved !== before) this.#moved += part.lastMoved
    return isNew
  }

  /** Tags that were moved so far, by growing: parts that are filled alike grow one after the other. */
  get moved(): number {
    return this.#moved
  }

  /** Most tags that one addition has moved so far, by growing. */
  get mostMoved(): number {
    return this.#parts.reduce((most, part) => Math.max(most, part?.lastMoved ?? 0), 0)
  }
}

/**
 * One flat array: 32 octets a tag at worst, and nothing for the garbage collector to walk over. Open addressing with
 * linear probing. A tag of zeros is an empty slot.
 */
class TagTablePart {
  #slots = FIRST_SLOTS
  #words = new Uint32Array(FIRST_SLOTS * WORDS)
  #size = 0
  /** Each time twice as many as before. */
  lastMoved = 0

  add(a: number, b: number, c: number, d: number): boolean {
    if (this.#size * 2 >= this.#slots) this.#grow()
    return this.#insert(a | 1, b, c, d)
  }

  #insert(a: number, b: number, c: number, d: number): boolean {
    const words = this.#words
    const mask = this.#slots - 1
    for (let slot = b & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WORDS
      if (words[at] === 0) {
        words[at] = a
        words[at + 1] = b
        words[at + 2] = c
        words[at + 3] = d
        this.#size++
        return true
      }
      if (words[at] === a >>> 0 && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return false
    }
  }

  #grow(): void {
    const old = this.#words
    this.#slots *= 2
    this.#words = new Uint32Array(this.#slots * WORDS)
    this.lastMoved = this.#size
    this.#size = 0
    for (let at = 0; at < old.length; at += WORDS) {
      const a = old[at] ?? 0
      if (a !== 0) this.#insert(a, old[at + 1] ?? 0, old[at + 2] ?? 0, old[at + 3] ?? 0)
    }
  }
}
