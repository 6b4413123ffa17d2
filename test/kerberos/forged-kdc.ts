/** Answers of a KDC to a request as it came, under whatever keys a test knows. */
import { forgedTicket } from '../../devkit/realm/forged-token.ts'
import { DerReader, UNIVERSAL } from '../../src/kerberos/protocol/der-reader.ts'
import {
  field,
  flags,
  generalString,
  integer,
  message,
  octetString,
  sequence,
  time,
} from '../../src/kerberos/protocol/der-writer.ts'
import { writeChecksum, writeEncryptedData, writeEncryptionKey } from '../../src/kerberos/protocol/encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from '../../src/kerberos/protocol/encryption-key.ts'
import { PA, type PaData, writePaData } from '../../src/kerberos/protocol/kdc-request.ts'
import {
  NAME_TYPE,
  nameOf,
  type PrincipalName,
  readPrincipalName,
  ticketGrantingService,
  writePrincipalName,
} from '../../src/kerberos/protocol/principal-name.ts'
import { TICKET_FLAG } from '../../src/kerberos/protocol/ticket.ts'

const REALM = 'CORP.TEST'
const AS_REQUEST = 0x6a
const TGS_REQUEST = 0x6c

/** What was asked (RFC 4120 5.4.1). */
export function asked(request: Buffer): {
  readonly nonce: number
  readonly client: PrincipalName | undefined
  readonly service: PrincipalName
} {
  const tag = request[0] === AS_REQUEST ? AS_REQUEST : TGS_REQUEST
  const fields = DerReader.only(request, tag, UNIVERSAL.sequence)
  for (const number of [1, 2]) fields.integer(number)
  fields.optional(3, (reader, number) => reader.field(number, UNIVERSAL.sequence))
  const body = fields.field(4, UNIVERSAL.sequence)
  body.flags(0)
  const client = body.optional(1, readPrincipalName)
  body.string(2)
  const service = readPrincipalName(body, 3)
  while (!body.has(7)) body.element()
  return { nonce: body.uint32(7), client, service }
}

export interface Answer {
  /** Under which the reply is. */
  readonly key: EncryptionKey
  readonly sessionKey: EncryptionKey
  readonly nowMs: number
}

/** What of a reply may be other than asked. */
export interface Wrong {
  readonly nonce?: number
  readonly realm?: string
  readonly service?: PrincipalName
  /** In clear, beside the ticket and in it. */
  readonly ticketService?: PrincipalName
  readonly client?: PrincipalName
  readonly clientRealm?: string
  readonly startMs?: number
  readonly endMs?: number
}

interface ReplyParts extends Answer {
  readonly type: 11 | 13
  readonly usage: number
  readonly ticket: Buffer
  readonly client: PrincipalName
  readonly endMs: number
  readonly flags: number
  readonly padata: readonly PaData[]
}

function reply(request: Buffer, parts: ReplyParts, wrong: Wrong = {}): Buffer {
  const { nonce, service } = { ...asked(request), ...wrong }
  const part = message(
    parts.type === 11 ? 25 : 26,
    ...[field(0, writeEncryptionKey(parts.sessionKey)), field(1, sequence()), field(2, integer(nonce))],
    ...[
      field(4, flags(parts.flags)),
      field(5, time(parts.nowMs)),
      field(6, time(wrong.startMs ?? parts.nowMs)),
      field(7, time(wrong.endMs ?? parts.endMs)),
    ],
    ...[field(9, generalString(wrong.realm ?? REALM)), field(10, writePrincipalName(service))],
    field(12, parts.padata.length === 0 ? undefined : writePaData(parts.padata)),
  )
  return message(
    parts.type,
    ...[field(0, integer(5)), field(1, integer(parts.type)), field(3, generalString(wrong.clientRealm ?? REALM))],
    ...[field(4, writePrincipalName(wrong.client ?? parts.client)), field(5, parts.ticket)],
    field(6, writeEncryptedData(parts.key.enctype.number, parts.key.encrypt(parts.usage, part))),
  )
}

const HOUR_MS = 3_600_000

/**
 * What was asked for at once, as for an account without preauthentication. `offersArmour`: what is said beside it, signed with the
 * key (RFC 6806 11); undefined: nothing.
 */
export function asReply(
  request: Buffer,
  { offersArmour, ...answer }: Answer & { readonly offersArmour?: boolean },
  wrong: Wrong = {},
): Buffer {
  const { client = nameOf('nobody', NAME_TYPE.principal), service } = asked(request)
  const { key, nowMs } = answer
  const checksum = writeChecksum(key.enctype.checksumType, key.checksum(KEY_USAGE.asRequest, request))
  const offer = offersArmour === true ? [{ type: PA.fast, value: Buffer.alloc(0) }] : []
  const signed = [{ type: PA.encryptedPadata, value: checksum }, ...offer]
  const parts = {
    ...answer,
    ...{ type: 11 as const, usage: KEY_USAGE.asReply, client, endMs: nowMs + HOUR_MS },
    ticket: forgedTicket({ nowMs, service: wrong.ticketService ?? wrong.service ?? service }),
    flags: offersArmour === undefined ? 0 : TICKET_FLAG.encryptedPadata,
    padata: offersArmour === undefined ? [] : signed,
  }
  return reply(request, parts, wrong)
}

/** A ticket for the service that was asked for. */
export const tgsReply = (
  request: Buffer,
  answer: Answer & { readonly ticket: Buffer; readonly client: string; readonly endMs: number },
  wrong: Wrong = {},
): Buffer =>
  reply(
    request,
    {
      ...answer,
      ...{ type: 13, usage: KEY_USAGE.tgsReply, flags: 0, padata: [] },
      client: nameOf(answer.client, NAME_TYPE.principal),
    },
    wrong,
  )

/** KRB-ERROR (RFC 4120 5.9.1). */
export const refusal = (code: number, nowMs: number, data?: Buffer): Buffer =>
  message(
    30,
    ...[field(0, integer(5)), field(1, integer(30)), field(4, time(nowMs)), field(5, integer(0))],
    ...[field(6, integer(code)), field(9, generalString(REALM))],
    ...[field(10, writePrincipalName(ticketGrantingService(REALM))), field(12, data && octetString(data))],
  )

/** That a proof is wanted, without an offer of armour. */
export function proofWanted(salt: string, nowMs: number): Buffer {
  const info = sequence(sequence(field(0, integer(18)), field(1, generalString(salt))))
  return refusal(25, nowMs, writePaData([{ type: PA.etypeInfo2, value: info }]))
}
