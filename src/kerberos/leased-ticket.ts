import type { HeldTicket } from './kdc/held-ticket.ts'
import { KerberosError } from './kerberos-error.ts'

/** A ticket whose key is overwritten once it is dropped and no longer in use. */
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

  /** Throws `credentials-expired` if it was dropped and its key overwritten while the caller waited for its turn. */
  async use<T>(task: (ticket: HeldTicket) => Promise<T>): Promise<T> {
    if (this.#ticket.sessionKey.disposed)
      throw new KerberosError('credentials-expired', 'service-credential', { text: 'released' })
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
