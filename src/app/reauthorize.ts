/**
 * Judges an admitted exchange again, for tunnels. The same stages decide, by the original credentials and the current
 * state, and whether the account may still be delegated. This leaves no trace: no session counts as used, nobody is
 * asked to confirm, nothing is reported twice.
 */
import { type AuthenticateParts, authenticate } from '../../middleware/authenticate.ts'
import { impersonate } from '../../middleware/impersonate.ts'
import { mapIdentity } from '../../middleware/map-identity.ts'
import { requireSecondFactor, type SecondFactorParts } from '../../middleware/require-second-factor.ts'
import { type Code, Fault } from '../errors.ts'
import type { Delegated, Presented } from '../exchange.ts'
import type { PolicyParts } from '../pipeline.ts'
import type { Sessions } from '../session/sessions.ts'
import { StageChain } from '../stage-chain.ts'

export interface ReauthorizeParts
  extends Pick<PolicyParts, 'authenticate' | 'identityOut' | 'keepsBesideTokens' | 'secondFactor'> {
  readonly sessions: Sessions
  /** As in `authenticate`, but reports nothing. */
  readonly provesPat: AuthenticateParts['provesPat']
  /** As in `secondFactor`, but reports nothing. */
  readonly refusesPat: SecondFactorParts['refusesPat']
}

/**
 * Resolves to the code with which the exchange would be refused now; undefined: it would pass. Rejects if that cannot
 * be determined.
 */
export type Reauthorize = (exchange: Delegated) => Promise<Code | undefined>

export function reauthorize({
  authenticate: who,
  secondFactor,
  identityOut,
  keepsBesideTokens,
  sessions,
  provesPat,
  refusesPat,
}: ReauthorizeParts): Reauthorize {
  const silent = () => undefined
  const quietly: AuthenticateParts = {
    ...who,
    sessions: { find: id => sessions.peek(id), open: (...session) => sessions.open(...session) },
    ticketOpensSession: () => false,
    mismatch: silent,
    provesPat,
  }
  const { grants } = secondFactor
  const judge = requireSecondFactor({
    ...secondFactor,
    grants: {
      find: (...scope) => grants.find(...scope),
      scopeOf: (...facts) => grants.scopeOf(...facts),
      ask: silent,
    },
    refusesPat,
    report: silent,
    asked: silent,
  })
  return async exchange => {
    const verdict = await StageChain.of<Presented>()
      .stage('authenticate', authenticate({ ...quietly, firstFactor: rememberedFactor(exchange) }))
      .stage('require-second-factor', judge)
      .stage('map-identity', mapIdentity())
      .stage('impersonate', impersonate(identityOut, keepsBesideTokens))
      .run(exchange)
    if (verdict.passed) return undefined
    const { refusal } = verdict
    if (refusal instanceof Fault) throw refusal
    return refusal.code
  }
}

/** A ticket is valid once, and passwords are not checked every minute, so the earlier result is repeated. */
function rememberedFactor({ principal, credentials }: Delegated): AuthenticateParts['firstFactor'] {
  const { scheme } = credentials
  if (principal.kind !== 'person' || (scheme !== 'negotiate' && scheme !== 'basic')) return undefined
  const { evidence, groups, ticketGroups, ...person } = principal
  const ownGroups = evidence.firstFactor === undefined ? ticketGroups : groups
  // A session sent along may have supplied evidence and groups; that part is checked again.
  const own = {
    ...({ acr: undefined, acrs: [], amr: [], authTime: evidence.authTime, firstFactor: scheme } as const),
    ...(evidence.ticket === undefined ? {} : { ticket: evidence.ticket }),
  }
  const named = ownGroups === undefined ? {} : { groups: ownGroups }
  const vouched = Promise.resolve({ principal: { ...person, evidence: own, ...named }, replyFields: [] })
  return { byNegotiate: () => vouched, byPassword: () => vouched }
}
