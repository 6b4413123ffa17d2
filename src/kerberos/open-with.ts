import type { EncryptionKey } from './protocol/encryption-key.ts'
import type { KeytabEntry } from './protocol/keytab.ts'
import { Krb5Error } from './protocol/krb5-error.ts'
import { type OpenedTicket, openTicket, type Ticket } from './protocol/ticket.ts'

/**
 * Opens a ticket with the key that fits; undefined where none does. The number of the key is a hint: AD's own counts
 * differ by controller (MS-KILE 3.4.5), so all of the type are tried.
 */
export function openWith(
  keys: readonly KeytabEntry[],
  ticket: Ticket,
): { readonly opened: OpenedTicket; readonly key: EncryptionKey } | undefined {
  const { etype, kvno } = ticket.encrypted
  const fitting = keys.filter(({ key }) => key.enctype.number === etype)
  fitting.sort((a, b) => Number(b.kvno === kvno) - Number(a.kvno === kvno))
  for (const { key } of fitting) {
    try {
      return { opened: openTicket(ticket, key), key }
    } catch (error) {
      if (!(error instanceof Krb5Error && error.code === 'integrity')) throw error
    }
  }
  return undefined
}
