import type { EncryptionKey } from '../protocol/encryption-key.ts'
import type { KdcReply, OpenedReply } from '../protocol/kdc-reply.ts'
import { type PrincipalName, sameName } from '../protocol/principal-name.ts'
import type { Ticket } from '../protocol/ticket.ts'

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
