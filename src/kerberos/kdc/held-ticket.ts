import type { EncryptionKey } from '../protocol/encryption-key.ts'
import type { KdcReply, OpenedReply } from '../protocol/kdc-reply.ts'
import { type PrincipalName, sameName } from '../protocol/principal-name.ts'
import { isSameKey } from '../protocol/same-key.ts'
import type { OpenedTicket, Ticket } from '../protocol/ticket.ts'

/** A ticket and what its holder knows about it. Its key is the holder's to dispose of. */
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
 * Whether a ticket for ourselves, which a key of ours has opened, is the one that the KDC made for this reply: it writes
 * one session key and one end into both (RFC 4120 3.1.3, 3.3.3). The ticket stands in clear beside what is encrypted for
 * us: whoever is on the way can put another there that they have seen, but not know which key is in it.
 */
export const isOfReply = (
  { sessionKey, endTimeMs }: HeldTicket,
  opened: Pick<OpenedTicket, 'sessionKey' | 'endTimeMs'>,
): boolean => opened.endTimeMs >= endTimeMs && isSameKey(opened.sessionKey, sessionKey)
