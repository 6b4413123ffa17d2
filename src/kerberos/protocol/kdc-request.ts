import { field, flags, generalString, integer, message, octetString, sequence, time } from './der-writer.ts'
import { ENCTYPES } from './enctype.ts'
import { type PrincipalName, writePrincipalName } from './principal-name.ts'

/** Types of preauthentication data (RFC 4120 7.5.2, RFC 6113 7.1, RFC 6806 11, MS-SFU 2.2.1, MS-KILE 2.2). */
export const PA = {
  tgsRequest: 1,
  timestamp: 2,
  /** Of an error; PA-PW-SALT elsewhere (MS-KILE 2.2.1). */
  extendedError: 3,
  etypeInfo2: 19,
  forUser: 129,
  s4uX509User: 130,
  cookie: 133,
  fast: 136,
  fastError: 137,
  encryptedChallenge: 138,
  encryptedPadata: 149,
  pacOptions: 167,
} as const

/** KDC options (RFC 4120 5.4.1, RFC 6806 3, MS-SFU 2.2.3). */
export const KDC_OPTION = {
  forwardable: 0x4000_0000,
  clientInAdditionalTicket: 0x0002_0000,
  canonicalize: 0x0001_0000,
} as const

export interface KdcRequestBody {
  readonly options: number
  /** In AS requests alone. */
  readonly client?: PrincipalName
  readonly realm: string
  readonly service: PrincipalName
  readonly tillMs: number
  readonly nonce: number
  /** The evidence of S4U2proxy. */
  readonly additionalTicket?: Buffer
}

/** KDC-REQ-BODY (RFC 4120 5.4.1); only AES is offered. */
export function writeRequestBody(body: KdcRequestBody): Buffer {
  const { options, client, realm, service, tillMs, nonce, additionalTicket } = body
  return sequence(
    field(0, flags(options)),
    field(1, client && writePrincipalName(client)),
    field(2, generalString(realm)),
    field(3, writePrincipalName(service)),
    field(5, time(tillMs)),
    field(7, integer(nonce)),
    field(8, sequence(...ENCTYPES.map(integer))),
    field(11, additionalTicket && sequence(additionalTicket)),
  )
}

export interface PaData {
  readonly type: number
  readonly value: Buffer
}

/** METHOD-DATA, and the padata of a request (RFC 4120 5.2.7, 5.9.1). */
export const writePaData = (padata: readonly PaData[]): Buffer =>
  sequence(...padata.map(({ type, value }) => sequence(field(1, integer(type)), field(2, octetString(value)))))

/** Message types, which are the application tags, too (RFC 4120 5.10). */
export const AS_REQUEST = 10
export const TGS_REQUEST = 12

/** KDC-REQ (RFC 4120 5.4.1). `body`: as `writeRequestBody` made it. */
export function writeKdcRequest(
  type: typeof AS_REQUEST | typeof TGS_REQUEST,
  padata: readonly PaData[],
  body: Buffer,
): Buffer {
  return message(
    type,
    field(1, integer(5)),
    field(2, integer(type)),
    field(3, padata.length === 0 ? undefined : writePaData(padata)),
    field(4, body),
  )
}
