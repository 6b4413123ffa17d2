import type { Sealer } from './sealer.ts'
import type { SessionRecord } from './session-store.ts'

/** The parts of a session that never change. */
type Lasting = Omit<SessionRecord, 'binding' | 'from' | 'groups' | 'lastSeenAtMs' | 'refreshedAtMs' | 'sealedTokens'>

/** Tokens of the OP that belong to a session. */
export interface SessionTokens {
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  /** Groups of the person, as last stated by the OP. */
  readonly groups?: readonly string[] | undefined
}

/** The order is part of the format. */
const boundTextOf = ({ key, subject, opSessionId, account, accountKey, evidence, createdAtMs }: Lasting) => {
  const { acr, acrs, amr, authTime, firstFactor, byPolicy, ticket } = evidence
  const byTicket = ticket === undefined ? [] : ['ticket', ticket.indicators, ticket.sids]
  const how = [
    acr ?? null,
    acrs,
    amr,
    authTime ?? null,
    firstFactor ?? null,
    ...(byPolicy ? ['policy'] : []),
    ...byTicket,
  ]
  return JSON.stringify(['session', key, subject, opSessionId ?? null, account, accountKey, createdAtMs, how])
}

/** Binds a session to this Torhaus: a record that somebody else wrote or changed in the store is rejected. */
export const bindingOf = (record: Lasting, sealer: Sealer): string => sealer.sign(boundTextOf(record))

/**
 * The ID token of somebody in a hundred groups makes a URL that servers refuse. Without the hint, the OP may ask the
 * person to confirm; `client_id` still identifies the client (RP-Initiated Logout 1.0 2).
 */
export const MAX_END_SESSION_URL_LENGTH = 4000

/**
 * The encrypted tokens, along with a new binding of the session: each refresh signs it with the current key, so that a
 * session outlives the rotation of keys. An ID token too long for a hint has no other use and is left out.
 */
export function sealTokens(record: Lasting, tokens: SessionTokens, sealer: Sealer): string {
  const { idToken = '', ...others } = tokens
  const kept = idToken === '' || idToken.length > MAX_END_SESSION_URL_LENGTH ? others : { ...others, idToken }
  return sealer.seal(JSON.stringify({ ...kept, binding: bindingOf(record, sealer) }), record.key)
}

/** Undefined if they cannot be opened: altered, or sealed with a key that is no longer configured. */
export function openTokens({ sealedTokens, key }: SessionRecord, sealer: Sealer): SessionTokens | undefined {
  if (sealedTokens === undefined) return { refreshToken: undefined, idToken: undefined }
  const opened = sealer.open(sealedTokens, key)
  if (opened === undefined) return undefined
  const { refreshToken, idToken, groups }: SessionTokens = JSON.parse(opened)
  return { refreshToken, idToken, ...(groups === undefined ? {} : { groups }) }
}

/**
 * Whether this Torhaus created the session, with one of its keys. The previous version did not bind sessions, but
 * sealed their tokens for this session alone, which is sufficient proof if no binding was written since.
 */
export function isOurs(record: SessionRecord, sealer: Sealer): boolean {
  const { binding, sealedTokens, key } = record
  if (binding !== undefined && sealer.hasSigned(boundTextOf(record), binding)) return true
  const opened = sealedTokens === undefined ? undefined : sealer.open(sealedTokens, key)
  if (opened === undefined) return false
  const { binding: sealed }: { binding?: string } = JSON.parse(opened)
  return sealed === undefined ? binding === undefined : sealer.hasSigned(boundTextOf(record), sealed)
}
