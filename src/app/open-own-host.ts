import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { HandOvers } from '../session/hand-overs.ts'
import { Referrals } from '../session/referrals.ts'
import type { Sealer } from '../session/sealer.ts'
import { SessionCookies } from '../session/session-cookie.ts'
import type { SessionStore } from '../session/session-store.ts'

/** What is needed if Torhaus' own pages have a host of their own. */
export interface OwnHost {
  /** Of Torhaus' own host. */
  readonly cookies: SessionCookies
  readonly referrals: Referrals
  readonly handOvers: HandOvers
}

/** Undefined: the own pages are on the public host. */
export function openOwnHost(
  { ownPages, session }: Pick<Config, 'ownPages' | 'session'>,
  sealer: Sealer,
  store: SessionStore,
  now: Clock,
): OwnHost | undefined {
  if (ownPages.publicUrl === undefined) return undefined
  const { signInTimeoutSeconds, maxSignInsInFlight } = session
  const ids = {
    seal: (id: string) => sealer.seal(id, SESSION),
    open: (text: string) => sealer.open(text, SESSION),
  }
  return {
    cookies: new SessionCookies(ownPages.publicUrl, ids),
    referrals: new Referrals(sealer, signInTimeoutSeconds, now),
    handOvers: new HandOvers(sealer, store, maxSignInsInFlight, now),
  }
}

const SESSION = 'session of our own host'
