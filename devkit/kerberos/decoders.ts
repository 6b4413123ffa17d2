/**
 * Every decoder of src/kerberos that reads octets of somebody else, each with a message to change. What is encrypted is
 * changed before it is encrypted: a decoder behind a key is tried as whoever has that key could try it.
 */

import { openAuthenticator, readApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { readAuthorizationData } from '../../src/kerberos/protocol/authorization-data.ts'
import { indicatorsOf } from '../../src/kerberos/protocol/cammac.ts'
import { DerReader } from '../../src/kerberos/protocol/der-reader.ts'
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
import { KEY_USAGE } from '../../src/kerberos/protocol/encryption-key.ts'
import { offeredIn } from '../../src/kerberos/protocol/etype-info.ts'
import { armouredError, openArmoured, verifyKdcChallenge } from '../../src/kerberos/protocol/fast.ts'
import { apRequestIn, gssFlagsOf, verifyInitiatorMic, writeAcceptorMic } from '../../src/kerberos/protocol/gss-token.ts'
import { readKdcError } from '../../src/kerberos/protocol/kdc-error.ts'
import { AS_REPLY, openReply, readKdcReply } from '../../src/kerberos/protocol/kdc-reply.ts'
import { PA, writePaData } from '../../src/kerberos/protocol/kdc-request.ts'
import { readKeytab } from '../../src/kerberos/protocol/keytab.ts'
import { Krb5Error } from '../../src/kerberos/protocol/krb5-error.ts'
import { readLogonInfo } from '../../src/kerberos/protocol/logon-info.ts'
import { classifyNegotiateToken } from '../../src/kerberos/protocol/negotiate-token.ts'
import { statusIn } from '../../src/kerberos/protocol/nt-status.ts'
import { PAC_BUFFER, readPac, verifyPac } from '../../src/kerberos/protocol/pac.ts'
import { writePrincipalName } from '../../src/kerberos/protocol/principal-name.ts'
import { verifyS4uX509Reply } from '../../src/kerberos/protocol/s4u-padata.ts'
import { signedOffer } from '../../src/kerberos/protocol/signed-request.ts'
import { readNegTokenInit } from '../../src/kerberos/protocol/spnego.ts'
import { openTicket, TICKET_FLAG } from '../../src/kerberos/protocol/ticket.ts'
import { readUpnDnsInfo } from '../../src/kerberos/protocol/upn-dns-info.ts'
import { signPac } from '../realm/forged-pac.ts'
import { authorization, forgedCammac, serviceKey as forgersKey, indicatorElement } from '../realm/forged-token.ts'
import { bareToken, curlToken, keytabOctets, recordedKeytab, takenAtMs } from './recorded-tokens.ts'

export interface Decoder {
  readonly name: string
  /** A message that it reads. */
  readonly sample: Buffer
  /** Answers, or throws a `Krb5Error`. */
  decode(octets: Buffer): unknown
}

const own = (octets: Uint8Array): Buffer => Buffer.from(octets)
const needed = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('the recorded tokens lack it')
  return value
}

const request = readApRequest(apRequestIn(bareToken))
const { key } = needed(recordedKeytab().entries.find(entry => entry.key.enctype.number === 18))
const ticket = openTicket(request.ticket, key)
const { sessionKey } = ticket
const pac = needed(ticket.pac)
const buffers = readPac(pac)

const kdcReply = message(
  AS_REPLY,
  field(0, integer(5)),
  field(1, integer(AS_REPLY)),
  field(2, sequence(sequence(field(1, integer(19)), field(2, octetString(Buffer.from('3000', 'hex')))))),
  field(3, generalString('CORP.TEST')),
  field(4, writePrincipalName(ticket.client)),
  field(5, request.ticket.octets),
  field(6, writeEncryptedData(18, Buffer.alloc(64))),
)

const replyPart = message(
  25,
  field(0, writeEncryptionKey(sessionKey)),
  field(1, sequence(sequence(field(0, integer(0)), field(1, time(takenAtMs))))),
  field(2, integer(0x7fff_ffff)),
  field(4, flags(0x4000_0000)),
  field(5, time(takenAtMs)),
  field(7, time(takenAtMs)),
  field(9, generalString('CORP.TEST')),
  field(10, writePrincipalName(ticket.client)),
)

const methodData = sequence(
  sequence(
    field(1, integer(19)),
    field(2, octetString(sequence(sequence(field(0, integer(18)), field(1, generalString('CORP.TESTalice')))))),
  ),
)

const kdcError = message(
  30,
  field(0, integer(5)),
  field(1, integer(30)),
  field(4, time(takenAtMs)),
  field(5, integer(123_456)),
  field(6, integer(25)),
  field(9, generalString('CORP.TEST')),
  field(10, writePrincipalName(ticket.client)),
  field(12, octetString(methodData)),
)

const cammac = needed(field(10, sequence(authorization(1, sequence(forgedCammac(sequence(indicatorElement('otp'))))))))

const NONCE = 0x7fff_ffff
const armour = { key: sessionKey, request: Buffer.alloc(0), [Symbol.dispose]: () => undefined }
const checksumOf = (usage: number, text: Buffer) =>
  writeChecksum(sessionKey.enctype.checksumType, sessionKey.checksum(usage, text))
const fastResponse = sequence(
  field(0, writePaData([{ type: PA.fastError, value: kdcError }])),
  field(1, writeEncryptionKey(sessionKey)),
  field(
    2,
    sequence(
      ...[field(0, time(takenAtMs)), field(1, integer(1)), field(2, generalString('CORP.TEST'))],
      ...[field(3, writePrincipalName(ticket.client)), field(4, checksumOf(KEY_USAGE.fastFinished, curlToken))],
    ),
  ),
  field(3, integer(NONCE)),
)
const armoured = (response: Buffer) =>
  needed(field(0, sequence(field(0, writeEncryptedData(18, sessionKey.encrypt(KEY_USAGE.fastReply, response))))))
const noChallenge = { padata: [], strengthenKey: undefined, finished: undefined, nonce: NONCE }
const forWhom = { user: ticket.client, realm: 'CORP.TEST', nonce: NONCE }
const userId = sequence(
  ...[field(0, integer(NONCE)), field(1, writePrincipalName(ticket.client)), field(2, generalString('CORP.TEST'))],
  field(4, flags(0)),
)
const encryptedPart = { etype: 18, kvno: undefined, cipher: key.encrypt(KEY_USAGE.asReply, replyPart) }
const openReplyPart = openReply(
  { ...readKdcReply(kdcReply, AS_REPLY), encrypted: encryptedPart },
  key,
  KEY_USAGE.asReply,
)
const extendedError = Buffer.alloc(12)
extendedError.writeUInt32LE(0xc000_0072)

const decrypted = (usage: number, from: typeof key, cipher: Buffer) => own(from.decrypt(usage, cipher))

export const DECODERS: readonly Decoder[] = [
  { name: 'Negotiate', sample: curlToken, decode: classifyNegotiateToken },
  { name: 'SPNEGO', sample: curlToken, decode: readNegTokenInit },
  { name: 'GSS frame', sample: bareToken, decode: apRequestIn },
  { name: 'AP-REQ', sample: own(apRequestIn(bareToken)), decode: readApRequest },
  {
    name: 'ticket',
    sample: decrypted(KEY_USAGE.ticket, key, request.ticket.encrypted.cipher),
    decode: octets => {
      const encrypted = { ...request.ticket.encrypted, cipher: key.encrypt(KEY_USAGE.ticket, octets) }
      return openTicket({ ...request.ticket, encrypted }, key)
    },
  },
  {
    name: 'authenticator',
    sample: decrypted(KEY_USAGE.apRequestAuthenticator, sessionKey, request.authenticator.cipher),
    decode: octets => {
      const cipher = sessionKey.encrypt(KEY_USAGE.apRequestAuthenticator, octets)
      return openAuthenticator({ ...request, authenticator: { ...request.authenticator, cipher } }, sessionKey)
    },
  },
  {
    name: 'GSS checksum',
    sample: own(needed(openAuthenticator(request, sessionKey).checksum).octets),
    decode: gssFlagsOf,
  },
  {
    name: 'MIC',
    sample: writeAcceptorMic(key, Buffer.alloc(9), 1),
    decode: octets => verifyInitiatorMic(key, Buffer.alloc(9), octets),
  },
  { name: 'KDC reply', sample: kdcReply, decode: octets => readKdcReply(octets, AS_REPLY) },
  {
    name: 'part of a KDC reply under our key',
    sample: replyPart,
    decode: octets => {
      const encrypted = { etype: 18, kvno: undefined, cipher: key.encrypt(KEY_USAGE.asReply, octets) }
      return openReply({ ...readKdcReply(kdcReply, AS_REPLY), encrypted }, key, KEY_USAGE.asReply)
    },
  },
  { name: 'KDC error', sample: kdcError, decode: octets => offeredIn(readKdcError(octets)) },
  {
    name: 'status in a KDC error',
    sample: writePaData([{ type: PA.extendedError, value: extendedError }]),
    decode: data => statusIn({ code: 18, data }),
  },
  {
    name: 'FAST response under the armour',
    sample: fastResponse,
    decode: octets => openArmoured([{ type: PA.fast, value: armoured(octets) }], armour, NONCE),
  },
  {
    name: 'FAST error',
    sample: writePaData([{ type: PA.fast, value: armoured(fastResponse) }]),
    decode: data => armouredError({ code: 18, data }, armour, NONCE),
  },
  {
    name: 'challenge of the KDC',
    sample: writeEncryptedData(18, Buffer.alloc(64)),
    decode: value =>
      verifyKdcChallenge({ ...noChallenge, padata: [{ type: PA.encryptedChallenge, value }] }, armour, key),
  },
  {
    name: 'whom a ticket was asked for',
    sample: sequence(field(0, userId), field(1, checksumOf(KEY_USAGE.s4uX509, userId))),
    decode: value => verifyS4uX509Reply([{ type: PA.s4uX509User, value }], forWhom, sessionKey),
  },
  {
    name: 'signature of a request',
    sample: checksumOf(KEY_USAGE.asRequest, kdcReply),
    decode: value =>
      signedOffer(
        { ...openReplyPart, flags: TICKET_FLAG.encryptedPadata, padata: [{ type: PA.encryptedPadata, value }] },
        kdcReply,
        sessionKey,
      ),
  },
  { name: 'keytab', sample: keytabOctets, decode: readKeytab },
  { name: 'PAC', sample: pac, decode: readPac },
  { name: 'PAC with its signature', sample: pac, decode: octets => verifyPac(octets, readPac(octets), ticket, key) },
  {
    name: 'PAC signed as it is',
    sample: pac,
    decode: octets => {
      const signed = signPac(own(octets), key)
      verifyPac(signed, readPac(signed), ticket, key)
    },
  },
  { name: 'logon info', sample: own(needed(buffers.get(PAC_BUFFER.logonInfo))), decode: readLogonInfo },
  { name: 'UPN_DNS_INFO', sample: own(needed(buffers.get(PAC_BUFFER.upnDnsInfo))), decode: readUpnDnsInfo },
  {
    name: 'CAMMAC',
    sample: cammac,
    decode: octets => indicatorsOf(readAuthorizationData(new DerReader(octets), 10), forgersKey),
  },
]

/** Decodes; whatever is thrown but a refusal with a code is thrown on. Says whether the octets were read. */
export function isRead({ decode }: Decoder, octets: Buffer): boolean {
  try {
    decode(octets)
    return true
  } catch (error) {
    if (error instanceof Krb5Error) return false
    throw error
  }
}
