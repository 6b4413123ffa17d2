import type { Standing } from '../listener/share.ts'

/** Whose share of the connections a request uses: see `Share`. */
export interface Sharer {
  readonly owner: string
  readonly standing: Standing
  /** Set while it waits for a connection or has one. */
  holder: Owner | undefined
}

const NOBODY: ReadonlySet<Sharer> = new Set()

/** The current connections and waiting requests of one owner. */
export class Owner {
  readonly name: string
  readonly standing: Standing
  held = 0
  #waiting: Set<Sharer> | undefined

  constructor(name: string, standing: Standing) {
    this.name = name
    this.standing = standing
  }

  /** First come first. */
  get waiting(): ReadonlySet<Sharer> {
    return this.#waiting ?? NOBODY
  }

  add(sharer: Sharer): void {
    this.#waiting ??= new Set()
    this.#waiting.add(sharer)
  }

  remove(sharer: Sharer): boolean {
    return this.#waiting?.delete(sharer) === true
  }
}
