import type { Awaitable } from '../awaitable.ts'
import { remembered } from '../bounded-map.ts'
import type { Refusal } from '../decision.ts'
import type { Delegation } from '../exchange.ts'
import { writtenFields } from '../http/written-fields.ts'

/** How the upstream is told who the user is. */
export interface IdentityOut {
  /** Names of the fields it writes: they are dropped from requests of clients, in every spelling. */
  readonly fieldNames: readonly string[]
  /** For one request of that account; a refusal if the account may not be used there. */
  delegate(account: string): Awaitable<Delegation | Refusal>
  /** The person has signed out: forgets everything about the account. */
  forget(account: string): void
}

/** An identity in fields of each request: it is not bound to the connection, which accounts may share. */
export function delegationByFields(fields: readonly string[]): Delegation {
  return {
    connectionKey: 'delegated',
    sharesConnection: true,
    keepsAuthorization: false,
    keepsCookies: true,
    keepsCompanions: false,
    fields: writtenFields(fields),
    authenticateConnection: undefined,
    vouchesForIdentity: false,
  }
}

const NO_IDENTITY = delegationByFields([])

/** The origin server needs no identity: it trusts every request from Torhaus. */
export const noIdentity: IdentityOut = {
  fieldNames: [],
  delegate: () => NO_IDENTITY,
  forget: () => undefined,
}

const REMEMBERED = { capacity: 20_000, maxLength: 256 }

/** The account in a plain field. UTF-8 octets, since a field is octets (RFC 9110 5.5). */
export function headerIdentity(field: string): IdentityOut {
  const delegate = remembered(
    account => delegationByFields([field, Buffer.from(account, 'utf8').toString('latin1')]),
    REMEMBERED,
  )
  return { fieldNames: [field], delegate, forget: delegate.forget }
}
