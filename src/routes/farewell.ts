import { OWN_PREFIX } from '../http/request-target.ts'
import type { HandOvers } from '../session/hand-overs.ts'
import { newOpaqueId } from '../session/opaque-id.ts'

/** Where to redirect after sign-out so that the browser ends at `next`. */
export type Farewell = (next: string) => string | Promise<string>

export const SIGNED_OUT = `${OWN_PREFIX}/signed-out`

/** With one host: directly. */
export const leaveAtOnce: Farewell = next => next

/**
 * With a host of its own: via the public host, which deletes its cookie and the browser's cache of the server's pages.
 */
export const leaveByPublicHost =
  (handOvers: Pick<HandOvers, 'giveWay'>, publicOrigin: string): Farewell =>
  async next => {
    const there = publicOrigin + SIGNED_OUT
    if (next === SIGNED_OUT) return there
    const code = newOpaqueId()
    // If the store is unavailable, the redirect skips the public host: signing out must still work.
    const isGiven = await handOvers.giveWay(code, next).then(
      () => true,
      () => false,
    )
    return isGiven ? `${there}?code=${code}` : next
  }
