import { OWN_PREFIX } from '../http/request-target.ts'
import type { HandOvers } from '../session/hand-overs.ts'
import { newOpaqueId } from '../session/opaque-id.ts'

/** The way of whoever has just signed out to `next`. */
export type Farewell = (next: string) => string | Promise<string>

export const SIGNED_OUT = `${OWN_PREFIX}/signed-out`

/** With one host: straight there. */
export const leaveAtOnce: Farewell = next => next

/**
 * With a host of our own: past that of the server, where the browser loses its cookie, and what it keeps of the
 * server's pages.
 */
export const leaveByPublicHost =
  (handOvers: Pick<HandOvers, 'giveWay'>, publicOrigin: string): Farewell =>
  async next => {
    const there = publicOrigin + SIGNED_OUT
    if (next === SIGNED_OUT) return there
    const code = newOpaqueId()
    // Without a store nothing is remembered; whoever leaves must leave all the same.
    const isGiven = await handOvers.giveWay(code, next).then(
      () => true,
      () => false,
    )
    return isGiven ? `${there}?code=${code}` : next
  }
