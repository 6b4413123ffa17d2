/** A KDC of one account that speaks FAST (RFC 6113 5.4), with whatever a test wants wrong in its answer. */
import assert from 'node:assert/strict'
import { forgedTicket } from '../../../devkit/realm/forged-token.ts'
import { openAuthenticator, readApRequest } from '../../../src/kerberos/protocol/ap-request.ts'
import { context, DerReader, UNIVERSAL } from '../../../src/kerberos/protocol/der-reader.ts'
import {
  field,
  flags,
  generalString,
  integer,
  message,
  sequence,
  time,
} from '../../../src/kerberos/protocol/der-writer.ts'
import {
  readChecksum,
  readEncryptedData,
  writeChecksum,
  writeEncryptedData,
  writeEncryptionKey,
} from '../../../src/kerberos/protocol/encrypted-data.ts'
import { EncryptionKey, KEY_USAGE } from '../../../src/kerberos/protocol/encryption-key.ts'
import { combineKeys } from '../../../src/kerberos/protocol/fx-cf2.ts'
import { readPaData } from '../../../src/kerberos/protocol/kdc-reply.ts'
import { PA, type PaData, writePaData } from '../../../src/kerberos/protocol/kdc-request.ts'
import {
  NAME_TYPE,
  nameOf,
  type PrincipalName,
  ticketGrantingService,
  writePrincipalName,
} from '../../../src/kerberos/protocol/principal-name.ts'
import { refusal } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const HOUR_MS = 3_600_000
const strengthenKey = new EncryptionKey(18, Buffer.alloc(32, 21))
export const strangersKey = new EncryptionKey(18, Buffer.alloc(32, 22))
export const newSessionKey = new EncryptionKey(18, Buffer.alloc(32, 23))

/** What the KDC knows. */
export interface Known {
  /** Session key of the TGT that armours. */
  readonly tgtKey: EncryptionKey
  readonly clientKey: EncryptionKey
  readonly nowMs: number
}

/** What may be other than it should be. */
export interface Wrong {
  readonly armourNonce?: number
  readonly armourEtype?: number
  /** In place of the armour's. */
  readonly armourKey?: EncryptionKey
  readonly isBare?: boolean
  /** An error in place of a reply: inside of the armour, or beside it. */
  readonly error?: number
  readonly errorBeside?: number
  /** Undefined: none. */
  readonly finished?: { readonly client?: PrincipalName; readonly realm?: string; readonly type?: number } | undefined
  readonly signedTicket?: Buffer
  readonly clientInClear?: PrincipalName
  /** Undefined: none. */
  readonly challenge?: { readonly pepper?: string; readonly key?: EncryptionKey; readonly usage?: number } | undefined
  readonly strengthens?: boolean
  readonly replyKey?: EncryptionKey
}

interface Asked {
  readonly armourKey: EncryptionKey
  readonly nonce: number
}

/** That a proof is wanted, in an armour if possible. */
export function armourOffered(nowMs: number): Buffer {
  const info = sequence(sequence(field(0, integer(18)), field(1, generalString(`${REALM}alice`))))
  const padata = [
    { type: PA.etypeInfo2, value: info },
    { type: PA.fast, value: Buffer.alloc(0) },
  ]
  return refusal(25, nowMs, writePaData(padata))
}

/** Opens what came in the armour, as a KDC has to, and holds it to what stands outside. */
function openRequest(request: Buffer, { tgtKey, clientKey }: Known): Asked {
  const fields = DerReader.only(request, 0x6a, UNIVERSAL.sequence)
  for (const number of [1, 2]) fields.integer(number)
  const padata = readPaData(fields.field(3, UNIVERSAL.sequence))
  assert.deepEqual(
    padata.map(({ type }) => type),
    [PA.fast],
    'nothing can be guessed against outside of the armour',
  )
  const body = fields.enter(context(4)).element()
  const armoured = DerReader.only(padata[0]?.value ?? Buffer.alloc(0), context(0), UNIVERSAL.sequence)
  const armour = armoured.field(0, UNIVERSAL.sequence)
  assert.equal(armour.integer(0), 1)
  const { subkey } = openAuthenticator(readApRequest(armour.octets(1)), tgtKey)
  assert(subkey)
  const armourKey = combineKeys(subkey, tgtKey, 'subkeyarmor', 'ticketarmor')
  armourKey.verifyChecksum(KEY_USAGE.fastRequestChecksum, readChecksum(armoured, 1).octets, body)
  const { cipher } = readEncryptedData(armoured, 2)
  const inner = DerReader.only(armourKey.decrypt(KEY_USAGE.fastRequest, cipher), UNIVERSAL.sequence)
  inner.flags(0)
  const [proof] = readPaData(inner.field(1, UNIVERSAL.sequence))
  assert.equal(proof?.type, PA.encryptedChallenge)
  const challenge = readEncryptedData(DerReader.only(field(0, proof.value) ?? proof.value), 0)
  combineKeys(armourKey, clientKey, 'clientchallengearmor', 'challengelongterm').decrypt(
    KEY_USAGE.clientChallenge,
    challenge.cipher,
  )
  const asked = DerReader.only(body, UNIVERSAL.sequence)
  while (!asked.has(7)) asked.element()
  return { armourKey, nonce: asked.uint32(7) }
}

function armoured({ armourKey, nonce }: Asked, wrong: Wrong, padata: readonly PaData[], finished?: Buffer): PaData {
  const response = sequence(
    field(0, writePaData(padata)),
    field(1, wrong.strengthens === false ? undefined : writeEncryptionKey(strengthenKey)),
    field(2, finished),
    field(3, integer(wrong.armourNonce ?? nonce)),
  )
  const cipher = (wrong.armourKey ?? armourKey).encrypt(KEY_USAGE.fastReply, response)
  const value = sequence(field(0, writeEncryptedData(wrong.armourEtype ?? 18, cipher)))
  return { type: PA.fast, value: field(0, value) ?? value }
}

function challengesOf(wrong: Wrong, { armourKey }: Asked, { clientKey, nowMs }: Known): PaData[] {
  const { challenge = {} } = wrong
  if ('challenge' in wrong && wrong.challenge === undefined) return []
  const { pepper = 'kdcchallengearmor', key = clientKey, usage = KEY_USAGE.kdcChallenge } = challenge
  const plain = sequence(field(0, time(nowMs)), field(1, integer(0)))
  const cipher = combineKeys(armourKey, key, pepper, 'challengelongterm').encrypt(usage, plain)
  return [{ type: PA.encryptedChallenge, value: writeEncryptedData(18, cipher) }]
}

function finishedOf(wrong: Wrong, { armourKey }: Asked, ticket: Buffer, nowMs: number): Buffer | undefined {
  if ('finished' in wrong && wrong.finished === undefined) return undefined
  const { client = nameOf('alice', NAME_TYPE.principal), realm = REALM, type = 16 } = wrong.finished ?? {}
  const checksum = armourKey.checksum(KEY_USAGE.fastFinished, wrong.signedTicket ?? ticket)
  return sequence(
    ...[field(0, time(nowMs)), field(1, integer(0)), field(2, generalString(realm))],
    ...[field(3, writePrincipalName(client)), field(4, writeChecksum(type, checksum))],
  )
}

/** The answer to a request with armour. */
export function armouredAnswer(request: Buffer, known: Known, wrong: Wrong = {}): Buffer {
  const { clientKey, nowMs } = known
  const asked = openRequest(request, known)
  if (wrong.errorBeside !== undefined) return refusal(wrong.errorBeside, nowMs)
  if (wrong.error !== undefined) {
    const inside = wrong.error === 0 ? [] : [{ type: PA.fastError, value: refusal(wrong.error, nowMs) }]
    return refusal(wrong.error, nowMs, writePaData([armoured(asked, wrong, inside)]))
  }
  const ticket = forgedTicket({ nowMs, service: ticketGrantingService(REALM) })
  const finished = finishedOf(wrong, asked, ticket, nowMs)
  const padata = wrong.isBare ? [] : [armoured(asked, wrong, challengesOf(wrong, asked, known), finished)]
  const replyKey = wrong.replyKey ?? combineKeys(strengthenKey, clientKey, 'strengthenkey', 'replykey')
  const part = message(
    25,
    ...[field(0, writeEncryptionKey(newSessionKey)), field(1, sequence()), field(2, integer(asked.nonce))],
    ...[field(4, flags(0)), field(5, time(nowMs)), field(6, time(nowMs)), field(7, time(nowMs + HOUR_MS))],
    ...[field(9, generalString(REALM)), field(10, writePrincipalName(ticketGrantingService(REALM)))],
  )
  const client = wrong.clientInClear ?? nameOf('alice', NAME_TYPE.principal)
  return message(
    11,
    ...[field(0, integer(5)), field(1, integer(11)), field(2, writePaData(padata)), field(3, generalString(REALM))],
    ...[field(4, writePrincipalName(client)), field(5, ticket)],
    field(6, writeEncryptedData(18, replyKey.encrypt(KEY_USAGE.asReply, part))),
  )
}
