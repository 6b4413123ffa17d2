/** A credential cache as MIT's programs keep it in a file (version 4): integers big-endian, octets behind their count. */
import type { EncryptionKey } from '../../src/kerberos/protocol/encryption-key.ts'
import type { PrincipalName } from '../../src/kerberos/protocol/principal-name.ts'

export interface CachedTicket {
  /** Of client and service. */
  readonly realm: string
  readonly client: PrincipalName
  readonly service: PrincipalName
  readonly sessionKey: EncryptionKey
  readonly flags: number
  readonly authTimeMs: number
  readonly endTimeMs: number
  /** As it goes into a request. */
  readonly ticket: Buffer
}

/** One ticket and nothing else: whoever uses the cache has to ask no KDC for that service, and can ask for no other. */
export function credentialCache(cached: CachedTicket): Buffer {
  const { realm, client, service, sessionKey, flags, authTimeMs, endTimeMs, ticket } = cached
  const times = [authTimeMs, authTimeMs, endTimeMs, 0].map(ms => number(4, ms / 1000))
  const owner = principal(realm, client)
  return Buffer.concat([
    Buffer.from([5, 4, 0, 0]),
    ...[owner, owner, principal(realm, service)],
    ...[number(2, sessionKey.enctype.number), sessionKey.read(counted), ...times],
    // No user-to-user ticket, flags, no addresses, no authorization data, the ticket, no second one.
    ...[number(1, 0), number(4, flags), number(4, 0), number(4, 0), counted(ticket), number(4, 0)],
  ])
}

function principal(realm: string, { type, components }: PrincipalName): Buffer {
  const texts = [realm, ...components].map(text => counted(Buffer.from(text)))
  return Buffer.concat([number(4, type), number(4, components.length), ...texts])
}

function counted(octets: Uint8Array): Buffer {
  return Buffer.concat([number(4, octets.length), octets])
}

function number(size: number, value: number): Buffer {
  const octets = Buffer.alloc(size)
  octets.writeUIntBE(value, 0, size)
  return octets
}
