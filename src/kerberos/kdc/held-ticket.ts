import type { EncryptionKey } from '../protocol/encryption-key.ts'
import type { KdcReply, OpenedReply } from '../protocol/kdc-reply.ts'
import { type PrincipalName, sameName } from '../protocol/principal-name.ts'
import { isSameKey } from '../protocol/same-key.ts'
import type { OpenedTicket, Ticket } from '../protocol/ticket.ts'

/** A ticket and what its holder knows about it. The holder must dispose of its key. */
export interface HeldTicket {
  readonly ticket: Ticket
  readonly sessionKey: EncryptionKey
  readonly clientRealm: string
  readonly client: PrincipalName
  readonly flags: number
  readonly endTimeMs: number
}

export const held = (
  { ticket, clientRealm, client }: KdcReply,
  { sessionKey, flags, endTimeMs }: OpenedReply,
): HeldTicket => ({
  ...{ ticket, sessionKey, clientRealm, client, flags, endTimeMs },
})

export const isSameClient = (a: HeldTicket, b: HeldTicket): boolean =>
  a.clientRealm === b.clientRealm && sameName(a.client, b.client)

/**
 * Whether a ticket for ourselves, opened with our key, is the one that the KDC made for this reply: both contain the
 * same session key and end time (RFC 4120 3.1.3, 3.3.3). The ticket is beside the part that is encrypted for us, so an
 * attacker in between can replace it with one seen before, but does not know which key that one contains.
 */
export const isOfReply = (
  { sessionKey, endTimeMs }: HeldTicket,
  opened: Pick<OpenedTicket, 'sessionKey' | 'endTimeMs'>,
): boolean => opened.endTimeMs >= endTimeMs && isSameKey(opened.sessionKey, sessionKey)
