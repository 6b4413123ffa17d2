/**
 * Tickets for a crowd, as the KDC would have made them, without asking it for each: like one that it gave to somebody,
 * each with the name of its owner, a session key of its own, and a PAC signed anew with the service's key.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { KeyRing } from '../../src/kerberos/key-ring.ts'
import { openWith } from '../../src/kerberos/open-with.ts'
import { readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { EncryptionKey } from '../../src/kerberos/protocol/encryption-key.ts'
import { apRequestIn } from '../../src/kerberos/protocol/gss-token.ts'
import { type KeytabEntry, readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { PAC_BUFFER, readPac } from '../../src/kerberos/protocol/pac.ts'
import { NAME_TYPE } from '../../src/kerberos/protocol/principal-name.ts'
import { readNegTokenInit } from '../../src/kerberos/protocol/spnego.ts'
import { TICKET_FLAG } from '../../src/kerberos/protocol/ticket.ts'
import { credentialCache } from './credential-cache.ts'
import { carrying, forgedPac, type PacBuffer } from './forged-pac.ts'
import { forgedTicket } from './forged-token.ts'

const AUTHENTICATED_MS_AGO = 60_000
const LIFETIME_MS = 10 * 3_600_000
const SESSION_ENCTYPE = 18
const SESSION_KEY_BYTES = 32

/** Not those that are about one person or one ticket alone. */
const OWN_BUFFERS: readonly number[] = [PAC_BUFFER.clientInfo, PAC_BUFFER.serverSignature, PAC_BUFFER.kdcSignature]

export interface CrowdTickets {
  readonly directory: string
  readonly names: readonly string[]
  /** Of the service. */
  readonly keytabFile: string
  /** A SPNEGO token of somebody's, with a ticket of the KDC. */
  readonly sample: Buffer
}

/** Writes a credential cache for each name; answers their names for KRB5CCNAME. */
export function forgeCrowdTickets({ directory, names, keytabFile, sample }: CrowdTickets): string[] {
  const { ticket } = readApRequest(apRequestIn(readNegTokenInit(sample).token ?? Buffer.alloc(0)))
  const { key, kvno, buffers } = openedSample(ticket, readKeytab(readFileSync(keytabFile)).entries)
  const { realm, service } = ticket
  const authTimeMs = Math.floor(Date.now() / 1000) * 1000 - AUTHENTICATED_MS_AGO
  const endTimeMs = authTimeMs + LIFETIME_MS
  const flags = TICKET_FLAG.forwardable
  mkdirSync(directory, { mode: 0o700 })
  return names.map(name => {
    const client = { type: NAME_TYPE.principal, components: [name] }
    using sessionKey = new EncryptionKey(SESSION_ENCTYPE, randomBytes(SESSION_KEY_BYTES))
    const octets = forgedTicket({
      ...{ nowMs: authTimeMs + AUTHENTICATED_MS_AGO, endMs: endTimeMs, ticketFlags: flags, clientRealm: realm },
      ...{ client, service, ticketKey: key, kvno, ticketEtype: key.enctype.number, ticketSessionKey: sessionKey },
      ...carrying(forgedPac(key, { name, authTimeMs, buffers })),
    })
    const file = join(directory, name)
    const cached = { realm, client, service, sessionKey, flags, authTimeMs, endTimeMs, ticket: octets }
    writeFileSync(file, credentialCache(cached), { mode: 0o600 })
    return `FILE:${file}`
  })
}

function openedSample(ticket: Parameters<typeof openWith>[1], entries: readonly KeytabEntry[]) {
  const found = openWith(new KeyRing(entries), ticket)
  if (found?.opened.pac === undefined) throw new Error('the sample has no PAC that the keytab opens')
  const { key, opened } = found
  const { pac = Buffer.alloc(0) } = opened
  const buffers: PacBuffer[] = [...readPac(pac)].filter(([type]) => !OWN_BUFFERS.includes(type))
  const kvno = entries.find(entry => entry.key === key)?.kvno ?? 0
  return { key, kvno, buffers }
}
