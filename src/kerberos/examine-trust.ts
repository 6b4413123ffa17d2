import { attempt, type DirectoryProblem, directoryProblem } from './directory-problem.ts'
import type { HeldTicket } from './kdc/held-ticket.ts'
import { poolOf, type RealmPools } from './kdc/realm-pools.ts'
import { signInProbe } from './kdc/sign-in.ts'
import { createTicketGranting } from './kdc/ticket-granting.ts'
import { ticketGrantingService } from './protocol/principal-name.ts'

export interface TrustQuestion {
  readonly pools: RealmPools
  /** Ours. */
  readonly home: string
  readonly trusted: string
  readonly now: () => number
}

/** That of a TGT: it was not opened, or is not for them (RFC 4120 7.5.9). Whatever else they say, they took it. */
const NOT_TAKEN: ReadonlySet<number | undefined> = new Set([undefined, 31, 35, 41, 44, 45, 60])

/** Whether KDCs of a trusted realm answer. Needs no trust: they answer requests of unknown clients, too. */
export async function examineTheirKdcs(
  { pools, trusted, now }: TrustQuestion,
  tgt: HeldTicket,
): Promise<DirectoryProblem[]> {
  const { request, read } = signInProbe(tgt.client, trusted, now)
  const answer = await attempt(async () => {
    await poolOf(pools, trusted).ask(request(), read)
    return {}
  })
  return 'words' in answer ? [directoryProblem('their-kdcs', answer, trusted)] : []
}

/** Whether there is a way for us to the realm of people that are to be delegated, which begins there. */
export async function examineTrust(
  { pools, home, trusted, now }: TrustQuestion,
  tgt: HeldTicket,
): Promise<DirectoryProblem[]> {
  const granting = createTicketGranting(pools, home, now)
  using held = new DisposableStack()
  const keep = (ticket: HeldTicket): HeldTicket => {
    held.use(ticket.sessionKey)
    return ticket
  }
  const there = await attempt(() => granting.tgtFor(trusted, tgt).then(keep))
  if ('words' in there) return [directoryProblem('trust', there, trusted)]
  const back = await attempt(() => granting.ask(there, { service: ticketGrantingService(home) }).then(keep))
  return 'words' in back && NOT_TAKEN.has(back.code) ? [directoryProblem('their-keys', back, trusted)] : []
}
