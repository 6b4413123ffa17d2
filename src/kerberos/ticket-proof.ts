import { readLogonInfo } from './protocol/logon-info.ts'
import { PAC_BUFFER, readPac } from './protocol/pac.ts'
import type { OpenedTicket } from './protocol/ticket.ts'

/** What the configuration asks tickets about. */
export interface TicketQuestion {
  /** SIDs of groups, and of how somebody has signed in. */
  readonly sids: ReadonlySet<string>
  /** Authentication indicators (RFC 8129). */
  readonly indicators: ReadonlySet<string>
}

/** What a ticket says of its owner, in the KDC's word. */
export interface TicketProof {
  /** When they signed in at the KDC, in milliseconds since the epoch (RFC 4120 5.3, `authtime`): renewals leave it. */
  readonly authTimeMs: number
  /** Those asked about that its PAC has; undefined: it has no PAC, which a client can ask for (MS-KILE 2.2.3). */
  readonly sids: readonly string[] | undefined
  /** Those asked about that the KDC vouches for. */
  readonly indicators: readonly string[]
  /** A service got it in that name (S4U2self, S4U2proxy): how the person has signed in, it does not say. */
  readonly isByService: boolean
}

/** Service asserted identity (MS-SFU 3.2.5.1.2): there was no sign-in, the KDC took a service's word for it. */
const ASSERTED_BY_SERVICE = 'S-1-18-2'

/**
 * Reads what is asked about; undefined where nothing is. The PAC must have been verified (`verifyPac`). Of other SIDs
 * nothing is kept: people have hundreds. Throws a `Krb5Error` where the PAC makes no sense.
 */
export function proofOf(ticket: OpenedTicket, { sids, indicators }: TicketQuestion): TicketProof | undefined {
  if (sids.size === 0 && indicators.size === 0) return undefined
  const pac = ticket.pac && readPac(ticket.pac)
  const logonInfo = pac?.get(PAC_BUFFER.logonInfo)
  const found = logonInfo === undefined ? [] : readLogonInfo(logonInfo).groupSids
  return {
    authTimeMs: ticket.authTimeMs,
    sids: pac && found.filter(sid => sids.has(sid)),
    indicators: ticket.indicators.filter(indicator => indicators.has(indicator)),
    isByService: found.includes(ASSERTED_BY_SERVICE) || pac?.has(PAC_BUFFER.delegationInfo) === true,
  }
}
