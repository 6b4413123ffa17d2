import type { HeldTicket } from './kdc/held-ticket.ts'
import { isExpired } from './kerberos-error.ts'
import type { LeasedTicket } from './leased-ticket.ts'
import type { Renewing } from './renewing.ts'

/**
 * Makes a request with our own ticket. If the KDC no longer accepts the ticket, for example after a change of its own
 * key, the ticket is dropped, and the next request uses a new one. `isNoGood` recognizes the errors that mean this.
 */
export async function byOwnTicket<T>(
  service: Pick<Renewing<LeasedTicket>, 'invalidate'>,
  own: LeasedTicket,
  ask: (tgt: HeldTicket) => Promise<T>,
  isNoGood: (error: unknown) => boolean = isExpired,
): Promise<T> {
  try {
    return await own.use(ask)
  } catch (error) {
    if (isNoGood(error)) service.invalidate(own)
    throw error
  }
}

/** Tries once more with a new ticket, if one of ours expired or was dropped in the meantime. */
export async function onceMore<T>(
  ask: () => Promise<T>,
  isWorthIt: (error: unknown) => boolean = isExpired,
): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!isWorthIt(error)) throw error
    return ask()
  }
}
