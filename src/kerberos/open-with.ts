import type { KeyRing } from './key-ring.ts'
import type { EncryptionKey } from './protocol/encryption-key.ts'
import { Krb5Error } from './protocol/krb5-error.ts'
import { isSameKey } from './protocol/same-key.ts'
import { type OpenedTicket, openTicket, type Ticket } from './protocol/ticket.ts'

/**
 * Anybody can send a ticket that no key opens, so what is decrypted for one ends: in half a millisecond. Of 64 KB that are
 * four keys, of 1.5 KB forty-seven.
 */
const MAX_TRIED_BYTES = 256 * 1024
/** What a try costs beside its octets. */
const TRY_BYTES = 4096

/**
 * Opens a ticket with the key that fits; undefined if none does. Its unencrypted key number and name are only hints:
 * AD's numbers differ between controllers (MS-KILE 3.4.5), and an account has many names. So other keys of the type are
 * tried, too, each once, however many names and numbers it has in the keytab.
 */
export function openWith(
  keys: KeyRing,
  ticket: Ticket,
): { readonly opened: OpenedTicket; readonly key: EncryptionKey } | undefined {
  const tried: EncryptionKey[] = []
  for (const key of keys.byHope(ticket)) {
    if (tried.some(other => other === key || isSameKey(other, key))) continue
    if (tried.length * (ticket.encrypted.cipher.length + TRY_BYTES) > MAX_TRIED_BYTES) return undefined
    tried.push(key)
    try {
      return { opened: openTicket(ticket, key), key }
    } catch (error) {
      if (!(error instanceof Krb5Error && error.code === 'integrity')) throw error
    }
  }
  return undefined
}
