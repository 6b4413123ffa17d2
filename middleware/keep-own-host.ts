/** A stage for a separate host of our own pages: that host has nothing else, and requests for it are never forwarded. */
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { Traced } from '../src/exchange.ts'
import { isOwnPath } from '../src/http/request-target.ts'

export function keepOwnHost(isOwnHost: (host: string) => boolean): Stage<Traced, Traced> {
  return traced =>
    isOwnPath(traced.target.path) || !isOwnHost(traced.fields.kept.host ?? '')
      ? proceed(traced)
      : deny('own-host-not-found')
}
