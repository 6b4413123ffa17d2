/** How the upstream is told who the user is. */
export interface IdentityOut {
  /** Names of the fields it writes: they are dropped from requests of clients, in every spelling. */
  readonly fieldNames: readonly string[]
  /** Fields for one request of that account: name, value, name, value. */
  fieldsFor(account: string): readonly string[] | Promise<readonly string[]>
}

/** The server needs no identity: it trusts whoever comes through. */
export const noIdentity: IdentityOut = { fieldNames: [], fieldsFor: () => [] }

/** The account in a plain field. UTF-8 octets, since a field is octets (RFC 9110 5.5). */
export function headerIdentity(field: string): IdentityOut {
  return { fieldNames: [field], fieldsFor: account => [field, Buffer.from(account, 'utf8').toString('latin1')] }
}
