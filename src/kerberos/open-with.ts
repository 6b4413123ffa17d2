import { asciiLower } from '../ascii-case.ts'
import type { EncryptionKey } from './protocol/encryption-key.ts'
import type { KeytabEntry } from './protocol/keytab.ts'
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
 * Opens a ticket with the key that fits; undefined where none does. Number and name in clear are hints: AD's own counts
 * differ by controller (MS-KILE 3.4.5), and an account has many names. So others of the type are tried, too, each key once
 * under however many names and numbers it stands in the keytab.
 */
export function openWith(
  keys: readonly KeytabEntry[],
  ticket: Ticket,
): { readonly opened: OpenedTicket; readonly key: EncryptionKey } | undefined {
  const tried: EncryptionKey[] = []
  for (const { key } of byHope(keys, ticket)) {
    if (tried.some(other => isSameKey(other, key))) continue
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

/** Those of the type: of that name and number, of that name, of that number, all others. */
function byHope(keys: readonly KeytabEntry[], { encrypted: { etype, kvno }, service }: Ticket): KeytabEntry[] {
  const wanted = service.components.join('/')
  const ranks: [KeytabEntry[], KeytabEntry[], KeytabEntry[], KeytabEntry[]] = [[], [], [], []]
  for (const entry of keys) {
    if (entry.key.enctype.number !== etype) continue
    const isNumbered = entry.kvno === kvno
    const isNamed = isSameSpelling(entry.name.components.join('/'), wanted)
    ranks[isNamed ? (isNumbered ? 0 : 1) : isNumbered ? 2 : 3].push(entry)
  }
  return ranks.flat()
}

/** A KDC of Windows finds a name in whatever letter case. Lengths first: one of a client may have 60,000 letters. */
const isSameSpelling = (a: string, b: string): boolean => a.length === b.length && asciiLower(a) === asciiLower(b)
