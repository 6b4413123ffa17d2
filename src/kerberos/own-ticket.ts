import type { HeldTicket } from './kdc/held-ticket.ts'
import { isExpired } from './kerberos-error.ts'
import type { LeasedTicket } from './leased-ticket.ts'
import type { Renewing } from './renewing.ts'

/**
 * Asks by our own ticket. Where the KDC finds it no good any more, as after a change of its own key, it is let go of: the
 * next question has a new one. `isNoGood`: what says so.
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

/** Once more, with a new ticket, where one of ours ended or was let go of meanwhile. */
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
