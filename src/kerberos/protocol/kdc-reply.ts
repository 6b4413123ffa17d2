import { CLOCK_SKEW_MS } from './clock-skew.ts'
import { application, DerReader, UNIVERSAL } from './der-reader.ts'
import { type EncryptedData, readEncryptedData, readEncryptionKey } from './encrypted-data.ts'
import type { EncryptionKey } from './encryption-key.ts'
import type { PaData } from './kdc-request.ts'
import { Krb5Error, malformed } from './krb5-error.ts'
import { type PrincipalName, readNameInClear, readPrincipalName, realmOfTgs, sameName } from './principal-name.ts'
import { readTicket, type Ticket } from './ticket.ts'

/** KDC-REP (RFC 4120 5.4.2) before its encrypted part is opened. */
export interface KdcReply {
  readonly padata: readonly PaData[]
  readonly clientRealm: string
  readonly client: PrincipalName
  readonly ticket: Ticket
  readonly encrypted: EncryptedData
}

/** Message types, which are the application tags, too (RFC 4120 5.10). */
export const AS_REPLY = 11
export const TGS_REPLY = 13

const MAX_PADATA = 32

/** What it answers are views of the octets. Throws `malformed`. */
export function readKdcReply(octets: Buffer, type: typeof AS_REPLY | typeof TGS_REPLY): KdcReply {
  const fields = DerReader.only(octets, application(type), UNIVERSAL.sequence)
  if (fields.integer(0) !== 5 || fields.integer(1) !== type) throw malformed('version or type of a reply')
  const padata = fields.optional(2, (reader, number) => readPaData(reader.field(number, UNIVERSAL.sequence))) ?? []
  const clientRealm = fields.string(3)
  // Heimdal leaves it out if it is inside the armour. A missing name equals none that was requested.
  const client = readNameInClear(fields, 4)
  const holder = fields.enter(0xa5)
  const ticket = readTicket(holder)
  holder.finish()
  const encrypted = readEncryptedData(fields, 6)
  fields.finish()
  return { padata, clientRealm, client, ticket, encrypted }
}

/** A list of PA-DATA (RFC 4120 5.2.7, 5.9.1). */
export function readPaData(list: DerReader): PaData[] {
  return list.each(MAX_PADATA, reader => {
    const element = reader.enter(UNIVERSAL.sequence)
    const type = element.integer(1)
    const value = element.octets(2)
    element.finish()
    return { type, value }
  })
}

/** EncKDCRepPart (RFC 4120 5.4.2): what the KDC says to the client. */
export interface OpenedReply {
  readonly sessionKey: EncryptionKey
  readonly nonce: number
  readonly flags: number
  readonly startTimeMs: number
  readonly endTimeMs: number
  readonly realm: string
  readonly service: PrincipalName
  /** What nobody on the way can change (RFC 6806 11). */
  readonly padata: readonly PaData[]
}

/** The caller disposes of the session key. Throws `integrity` where another key made it, and `malformed`. */
export function openReply({ encrypted }: KdcReply, key: EncryptionKey, usage: number): OpenedReply {
  if (encrypted.etype !== key.enctype.number) throw new Krb5Error('integrity', 'encryption type of a reply')
  const plain = new DerReader(key.decrypt(usage, encrypted.cipher))
  // Old KDCs write the tag of a TGS reply into AS replies (RFC 4120 5.4.2 allows it).
  const outer = plain.enter(plain.tag === application(25) ? application(25) : application(26))
  plain.finish()
  const fields = outer.enter(UNIVERSAL.sequence)
  outer.finish()
  const sessionKey = readEncryptionKey(fields, 0)
  fields.field(1, UNIVERSAL.sequence) // last requests
  const nonce = fields.uint32(2)
  fields.optional(3, (reader, number) => reader.time(number))
  const flags = fields.flags(4)
  const authTimeMs = fields.time(5)
  const startTimeMs = fields.optional(6, (reader, number) => reader.time(number)) ?? authTimeMs
  const endTimeMs = fields.time(7)
  fields.optional(8, (reader, number) => reader.time(number))
  const realm = fields.string(9)
  const service = readPrincipalName(fields, 10)
  fields.optional(11, (reader, number) => reader.field(number, UNIVERSAL.sequence))
  const padata = fields.optional(12, (reader, number) => readPaData(reader.field(number, UNIVERSAL.sequence))) ?? []
  fields.finish()
  return { sessionKey, nonce, flags, startTimeMs, endTimeMs, realm, service, padata }
}

export interface Asked {
  readonly nonce: number
  readonly realm: string
  readonly service: PrincipalName
  /** Until when a ticket was asked for. */
  readonly tillMs: number
  readonly nowMs: number
  /** Whether a TGT for another realm is an answer, too (RFC 6806 8). */
  readonly mayRefer: boolean
}

/**
 * Throws `mismatch` unless the reply is about what was asked (RFC 4120 3.1.5): nonce, service and realm as the KDC
 * encrypted them, and the ticket's own name, which stands in clear and could have been put there by anybody
 * (CVE-2017-11103). Times are those asked for: not longer, not yet to come, not over.
 */
export function verifyReply({ ticket }: KdcReply, opened: OpenedReply, asked: Asked): void {
  const isOurs =
    opened.nonce === asked.nonce &&
    opened.realm === asked.realm &&
    ticket.realm === opened.realm &&
    (sameName(opened.service, asked.service) || (asked.mayRefer && isReferral(opened))) &&
    sameName(ticket.service, opened.service) &&
    opened.startTimeMs <= asked.nowMs + CLOCK_SKEW_MS &&
    opened.endTimeMs > asked.nowMs - CLOCK_SKEW_MS &&
    opened.endTimeMs <= asked.tillMs
  if (isOurs) return
  const isOfOther = opened.nonce === asked.nonce && opened.realm !== asked.realm
  const why = isOfOther
    ? `the KDC answers for the realm ${opened.realm}, and not for ${asked.realm}`
    : 'the reply is not for what was asked'
  throw new Krb5Error('mismatch', why)
}

/** To another realm: a KDC that refers to itself would be asked for ever. */
function isReferral({ service, realm }: OpenedReply): boolean {
  const next = realmOfTgs(service)
  return next !== undefined && next !== realm
}
