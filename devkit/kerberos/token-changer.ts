/**
 * Changed tokens of somebody whose service key is known, so that what is encrypted can be changed, too: a ticket or an
 * authenticator is opened, changed, and closed again under its own key.
 */
import { writeElement } from '../../src/asn1/der.ts'
import { type ApRequest, readApRequest, writeApRequest } from '../../src/kerberos/protocol/ap-request.ts'
import { field, generalString, integer, message } from '../../src/kerberos/protocol/der-writer.ts'
import { writeEncryptedData } from '../../src/kerberos/protocol/encrypted-data.ts'
import { type EncryptionKey, KEY_USAGE } from '../../src/kerberos/protocol/encryption-key.ts'
import { apRequestIn, frameApRequest } from '../../src/kerberos/protocol/gss-token.ts'
import { wrapInSpnego } from '../../src/kerberos/protocol/negotiate-token.ts'
import { krb5Mechanism, krb5MechanismOfWindows, ntlmMechanism } from '../../src/kerberos/protocol/object-identifiers.ts'
import { type PrincipalName, writePrincipalName } from '../../src/kerberos/protocol/principal-name.ts'
import { openTicket, type Ticket } from '../../src/kerberos/protocol/ticket.ts'
import { forgedNegotiation } from '../realm/forged-token.ts'
import { createMutations } from './mutations.ts'

/** What is changed; `seed` decides how. */
export const CHANGES = ['octets', 'head', 'ticket', 'pac', 'authenticator', 'bindings', 'service', 'wrapping'] as const
export type Change = (typeof CHANGES)[number]

/** Realm, name and number of key of a ticket, options, lengths and tags: more than a broken ciphertext. */
const HEAD_OCTETS = 260

const OTHER_NAMES: readonly (readonly string[])[] = [
  ['HTTP', 'devops.corp.test'],
  ['HTTP', 'PROXY.corp.test'],
  ['host', 'proxy.corp.test'],
  ['krbtgt', 'CORP.TEST'],
  ['svc-proxy'],
  [],
]
const negoExMechanism = Buffer.from('2b06010401823702021e', 'hex')
const MECHANISMS = [krb5Mechanism, krb5MechanismOfWindows, ntlmMechanism, negoExMechanism]

/** `token`: a bare one. Answers a bare one or one in SPNEGO. */
export function changedToken(token: Buffer, key: EncryptionKey, change: Change, seed: number): Buffer {
  const request = readApRequest(apRequestIn(token))
  const changed = changedBare(token, request, key, change, seed)
  if (change === 'wrapping') return wrapped(changed, seed)
  return seed % 2 === 0 ? changed : wrapInSpnego(changed)
}

function changedBare(token: Buffer, request: ApRequest, key: EncryptionKey, change: Change, seed: number): Buffer {
  const { ticket, authenticator } = request
  switch (change) {
    case 'octets':
      return createMutations(token, seed)()
    case 'head':
      return Buffer.concat([flipped(token.subarray(0, HEAD_OCTETS), seed), token.subarray(HEAD_OCTETS)])
    case 'wrapping':
      return token
    case 'service':
      return closed(request, renamed(ticket, seed), authenticator.cipher)
    case 'ticket':
    case 'pac': {
      const plain = Buffer.from(key.decrypt(KEY_USAGE.ticket, ticket.encrypted.cipher))
      const cipher = key.encrypt(
        KEY_USAGE.ticket,
        change === 'ticket' ? createMutations(plain, seed)() : inPac(plain, ticket, key, seed),
      )
      return closed(request, written(ticket, ticket.service, cipher), authenticator.cipher)
    }
    case 'authenticator':
    case 'bindings': {
      const { sessionKey } = openTicket(ticket, key)
      const plain = Buffer.from(sessionKey.decrypt(KEY_USAGE.apRequestAuthenticator, authenticator.cipher))
      const text = change === 'authenticator' ? createMutations(plain, seed)() : otherBindings(plain, seed)
      return closed(request, ticket.octets, sessionKey.encrypt(KEY_USAGE.apRequestAuthenticator, text))
    }
  }
}

const closed = ({ options, authenticator }: ApRequest, ticket: Buffer, cipher: Buffer): Buffer =>
  frameApRequest(writeApRequest(options, ticket, authenticator.etype, cipher))

const written = ({ realm, encrypted }: Ticket, service: PrincipalName, cipher: Buffer): Buffer =>
  message(
    1,
    field(0, integer(5)),
    field(1, generalString(realm)),
    field(2, writePrincipalName(service)),
    field(3, writeEncryptedData(encrypted.etype, cipher, encrypted.kvno)),
  )

const renamed = (ticket: Ticket, seed: number): Buffer =>
  written(ticket, { type: 2, components: OTHER_NAMES[seed % OTHER_NAMES.length] ?? [] }, ticket.encrypted.cipher)

function flipped(octets: Buffer, seed: number): Buffer {
  const changed = Buffer.from(octets)
  const at = seed % octets.length
  changed[at] = (changed[at] ?? 0) ^ (1 << ((seed >> 9) % 8))
  return changed
}

/** One bit of the PAC, wherever it is. */
function inPac(plain: Buffer, ticket: Ticket, key: EncryptionKey, seed: number): Buffer {
  const { pac } = openTicket(ticket, key)
  if (pac === undefined) throw new Error('the ticket has no PAC')
  const at = plain.indexOf(pac) + (seed % pac.length)
  plain[at] = (plain[at] ?? 0) ^ (1 << (seed % 8))
  return plain
}

/** GSSAPI's checksum, by its start: its length of 16, and the bindings behind. */
function otherBindings(plain: Buffer, seed: number): Buffer {
  const at = plain.indexOf(Buffer.from([16, 0, 0, 0]))
  plain.fill(seed % 256, at + 4, at + 20)
  return plain
}

function wrapped(token: Buffer, seed: number): Buffer {
  const list = [0, 2, 4, 6].slice(0, 1 + (seed % 4)).map(shift => MECHANISMS[(seed >> shift) % 4] ?? krb5Mechanism)
  const how = (seed >> 8) % 8
  if (how === 0) return forgedNegotiation(list)
  if (how === 1) return forgedNegotiation(list, token, Buffer.alloc(28, seed % 256))
  if (how === 2) return writeElement(0x60, forgedNegotiation(list, token))
  if (how === 3) return forgedNegotiation(list, wrapInSpnego(token))
  return forgedNegotiation(list, token)
}
