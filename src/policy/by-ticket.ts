/** Whether a Kerberos ticket alone can be enough: because of a rule, or because it may prove two factors. */
import type { Config } from '../../config/schema.ts'
import type { Authenticated } from '../exchange.ts'
import type { Rules } from './rules.ts'
import { judgeSecondFactor } from './second-factor.ts'

type Settings = Config['secondFactor']

export interface TicketParts {
  readonly settings: Settings
  readonly rules: Rules
  /** Schemes of authentication. */
  readonly offers: (exchange: Authenticated) => readonly string[]
}

/**
 * Whether a browser is asked for a ticket before it is led to the sign-in: it shows nothing, or a session that a ticket
 * opened and that is not enough any more, and a ticket may be.
 */
export function asksForTicket({ settings, rules, offers }: TicketParts, exchange: Authenticated): boolean {
  const { principal, credentials } = exchange
  const byTicket = principal.kind === 'person' && principal.evidence.ticket !== undefined
  if (principal.kind !== 'anonymous' && !(byTicket && credentials.scheme === 'session')) return false
  return (
    offers(exchange).includes('Negotiate') && (rules.ticketIsEnough(exchange) || mayProve(settings, rules, exchange))
  )
}

function mayProve({ acceptTicket }: Settings, rules: Rules, exchange: Authenticated): boolean {
  if (acceptTicket.sids.length + acceptTicket.indicators.length === 0) return false
  const { decides, also } = rules.read(exchange)
  return [decides, ...also].every(({ require, acceptAcr }) => require === 'second-factor' && acceptAcr === undefined)
}

/** Whether the ticket that was shown is enough: then a browser gets a session with it. */
export function ticketOpensSession(settings: Settings, rules: Rules, exchange: Authenticated, nowMs: number): boolean {
  const { principal } = exchange
  const proves =
    principal.kind === 'person' &&
    principal.evidence.ticket !== undefined &&
    judgeSecondFactor(settings, principal.evidence, nowMs) === 'satisfied'
  return proves || rules.ticketIsEnough(exchange)
}
