import type { HeldTicket } from './kdc/held-ticket.ts'

/** A ticket whose key is overwritten once it is dropped and nobody uses it any more. */
export class LeasedTicket implements Disposable {
  readonly #ticket: HeldTicket
  #users = 0
  #dropped = false

  constructor(ticket: HeldTicket) {
    this.#ticket = ticket
  }

  get dropped(): boolean {
    return this.#dropped
  }

  async use<T>(task: (ticket: HeldTicket) => Promise<T>): Promise<T> {
    this.#users++
    try {
      return await task(this.#ticket)
    } finally {
      this.#users--
      this.#endIfUnused()
    }
  }

  [Symbol.dispose](): void {
    this.#dropped = true
    this.#endIfUnused()
  }

  #endIfUnused(): void {
    if (this.#dropped && this.#users === 0) this.#ticket.sessionKey[Symbol.dispose]()
  }
}
