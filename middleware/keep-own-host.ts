/** A stage for two hosts: at that of our own pages there is nothing else, and what is asked for there goes nowhere. */
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { Traced } from '../src/exchange.ts'
import { isOwnPath } from '../src/http/request-target.ts'

export function keepOwnHost(isOwnHost: (host: string) => boolean): Stage<Traced, Traced> {
  return traced =>
    isOwnPath(traced.target.path) || !isOwnHost(traced.fields.kept.host ?? '')
      ? proceed(traced)
      : deny('own-host-not-found')
}
