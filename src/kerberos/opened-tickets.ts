import { disposeInTurns } from './in-turns.ts'
import { KerberosError } from './kerberos-error.ts'
import type { KeyRing } from './key-ring.ts'
import type { KeytabFile } from './keytab-file.ts'
import { createLru, type Lru } from './lru.ts'
import { openWith } from './open-with.ts'
import type { EncryptionKey } from './protocol/encryption-key.ts'
import { isEnctype } from './protocol/enctype.ts'
import { readLogonInfo } from './protocol/logon-info.ts'
import { ownOctets } from './protocol/own-octets.ts'
import { PAC_BUFFER, readPac, verifyPac } from './protocol/pac.ts'
import type { OpenedTicket, Ticket } from './protocol/ticket.ts'
import type { TicketOwner } from './ticket-principal.ts'
import { proofOf, type TicketProof, type TicketQuestion } from './ticket-proof.ts'

/** A ticket for us, and what it says about its owner, without its PAC, which has been read. */
export type TrustedTicket = Omit<OpenedTicket, 'pac' | 'indicators'> &
  TicketOwner & { readonly proof: TicketProof | undefined }

interface Known {
  readonly ticket: TrustedTicket
  readonly cipher: Buffer
}

const NOTHING: TicketQuestion = { sids: new Set(), indicators: new Set() }

/** A company of ten thousand people. Each takes 5 KB with keys and a ciphertext of 1 KB, and with OpenSSL's objects 11. */
const MAX_TICKETS = 10_000

/** A ticket with 900 groups has 9 KB. Any account can obtain any number of larger ones: those are opened each time. */
const MAX_KEPT_BYTES = 16_384

/** Less than the shortest MAC. */
const NAME_BYTES = 12

/**
 * Opens a ticket for us; the caller must dispose of its key. Throws `wrong-service-key` if no key opens it, and a
 * `Krb5Error` if the ticket or its PAC is not valid.
 */
export function openTrusted(keys: KeyRing, ticket: Ticket, question = NOTHING): TrustedTicket {
  const found = openWith(keys, ticket)
  if (found === undefined)
    throw new KerberosError('wrong-service-key', 'accept', {
      text: `no key of the keytab opens the ticket${whyNot(keys, ticket)}`,
    })
  const { opened, key } = found
  const pac = opened.pac && readPac(opened.pac)
  if (pac !== undefined && opened.pac !== undefined) verifyPac(opened.pac, pac, opened, key)
  const octets = pac?.get(PAC_BUFFER.logonInfo)
  const logonInfo = octets && readLogonInfo(octets)
  // MIT's KDC writes PACs without.
  const [accountName, accountDomain] = [logonInfo?.accountName || undefined, logonInfo?.domain || undefined]
  const { pac: _, indicators: __, ...rest } = opened
  const { accountControl = 0 } = logonInfo ?? {}
  return { ...rest, accountName, accountDomain, accountControl, proof: proofOf(opened, question) }
}

/** A keytab that is older than the password, as far as the numbers tell, which stand in clear. */
function whyNot(keys: KeyRing, { encrypted: { kvno, etype } }: Ticket): string {
  const known = keys.numbersOf(etype)
  if (known.size === 0) return `: it has none of type ${etype}`
  return kvno === undefined || known.has(kvno)
    ? ''
    : `: of type ${etype} it has number ${[...known].join(', ')}, and not ${kvno}`
}

/**
 * Tickets that a key of the keytab has opened. A client sends the same ticket with each request, so an opened one is
 * kept under the hash of its ciphertext until the keytab changes. The caller must check its times each time.
 */
export class OpenedTickets implements Disposable {
  readonly #keytab: KeytabFile
  readonly #services: readonly string[]
  readonly #question: TicketQuestion
  #known: Lru<Known> = this.#newCache()
  #generation = -1

  /** `question`: what is to be read of each. */
  constructor(keytab: KeytabFile, services: readonly string[], question = NOTHING) {
    this.#keytab = keytab
    this.#services = services
    this.#question = question
  }

  /** Throws as `openTrusted`. */
  open(ticket: Ticket): TrustedTicket {
    const { etype, cipher } = ticket.encrypted
    if (!isEnctype(etype)) throw new KerberosError('wrong-service-key', 'accept', { text: `ticket of type ${etype}` })
    this.#keytab.lookNowAndThen()
    this.#forgetOfOlderKeys()
    // With the type, which stands in clear: under another one the same octets are another ticket, and no good.
    const name = cipher.toString('latin1', Math.max(0, cipher.length - NAME_BYTES)) + etype
    const known = this.#known.get(name)
    if (known?.cipher.equals(cipher)) return known.ticket
    const trusted = this.#openedAnew(ticket)
    if (cipher.length > MAX_KEPT_BYTES) return trusted
    known?.ticket.sessionKey[Symbol.dispose]()
    this.#known.set(name, { ticket: trusted, cipher: ownOctets(cipher) })
    return trusted
  }

  #openedAnew(ticket: Ticket): TrustedTicket {
    const keys = this.#keytab.ringOf(this.#services)
    this.#forgetOfOlderKeys()
    return openTrusted(keys, ticket, this.#question)
  }

  #forgetOfOlderKeys(): void {
    if (this.#generation === this.#keytab.generation) return
    disposeInTurns(this.#sessionKeys())
    this.#known = this.#newCache()
    this.#generation = this.#keytab.generation
  }

  [Symbol.dispose](): void {
    for (const key of this.#sessionKeys()) key[Symbol.dispose]()
    this.#known = this.#newCache()
  }

  #sessionKeys(): EncryptionKey[] {
    return this.#known.values().map(({ ticket }) => ticket.sessionKey)
  }

  #newCache(): Lru<Known> {
    return createLru({ maxEntries: MAX_TICKETS, onEvict: ({ ticket }) => ticket.sessionKey[Symbol.dispose]() })
  }
}
