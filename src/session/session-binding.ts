import type { Sealer } from './sealer.ts'
import type { SessionRecord } from './session-store.ts'

/** What never changes in a session. */
type Lasting = Omit<SessionRecord, 'binding' | 'from' | 'groups' | 'lastSeenAtMs' | 'refreshedAtMs' | 'sealedTokens'>

/** Tokens of the OP that belong to a session. */
export interface SessionTokens {
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  /** Of the person, as the OP said last. */
  readonly groups?: readonly string[] | undefined
}

/** Order counts: it is part of the format. */
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

/** Binds a session to this Torhaus: one that somebody else wrote into the store, or changed there, is none of ours. */
export const bindingOf = (record: Lasting, sealer: Sealer): string => sealer.sign(boundTextOf(record))

/**
 * An ID token of somebody in a hundred groups makes a URL that servers refuse. Without the hint the OP asks the person,
 * perhaps; `client_id` still says who sends them (RP-Initiated Logout 1.0 2).
 */
export const MAX_END_SESSION_URL_LENGTH = 4000

/**
 * Tokens, encrypted, and again what binds the session: with each refresh by the key of then, so that a session outlives
 * a key. An ID token that is too long for a hint is good for nothing more, and would take its room in store and memory.
 */
export function sealTokens(record: Lasting, tokens: SessionTokens, sealer: Sealer): string {
  const { idToken = '', ...others } = tokens
  const kept = idToken === '' || idToken.length > MAX_END_SESSION_URL_LENGTH ? others : { ...others, idToken }
  return sealer.seal(JSON.stringify({ ...kept, binding: bindingOf(record, sealer) }), record.key)
}

/** Undefined when they cannot be opened: changed, or sealed with a key that is gone. */
export function openTokens({ sealedTokens, key }: SessionRecord, sealer: Sealer): SessionTokens | undefined {
  if (sealedTokens === undefined) return { refreshToken: undefined, idToken: undefined }
  const opened = sealer.open(sealedTokens, key)
  if (opened === undefined) return undefined
  const { refreshToken, idToken, groups }: SessionTokens = JSON.parse(opened)
  return { refreshToken, idToken, ...(groups === undefined ? {} : { groups }) }
}

/**
 * Whether this Torhaus has made that session, with one of its keys. The version before did not bind sessions; it did
 * seal their tokens, for them alone: that is proof enough where nothing else was written since.
 */
export function isOurs(record: SessionRecord, sealer: Sealer): boolean {
  const { binding, sealedTokens, key } = record
  if (binding !== undefined && sealer.hasSigned(boundTextOf(record), binding)) return true
  const opened = sealedTokens === undefined ? undefined : sealer.open(sealedTokens, key)
  if (opened === undefined) return false
  const { binding: sealed }: { binding?: string } = JSON.parse(opened)
  return sealed === undefined ? binding === undefined : sealer.hasSigned(boundTextOf(record), sealed)
}
