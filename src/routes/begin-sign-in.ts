import { createHash } from 'node:crypto'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import type { StepUp } from '../decision.ts'
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { SignInEvent } from '../observability/events.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { keyOf, newOpaqueId } from '../session/opaque-id.ts'
import type { SessionCookies } from '../session/session-cookie.ts'
import type { Intent, SessionStore, SignInRecord } from '../session/session-store.ts'
import { isHead } from './is-head.ts'
import { type Reply, seeOther } from './reply.ts'
import type { SignInStates } from './sign-in-state.ts'

export interface BeginSignInParts {
  readonly states: SignInStates
  readonly ops: Pick<Ops, 'only'>
  readonly store: Pick<SessionStore, 'addSignIn'>
  readonly cookies: SessionCookies
  readonly limits: Pick<Config['session'], 'maxSignInsInFlight' | 'signInTimeoutSeconds'>
  /** Origin of the redirect URI. */
  readonly ownOrigin: string
  readonly now: Clock
  readonly report: (event: SignInEvent, exchange: Traced, account?: string) => void
}

export interface Wanted {
  /** Undefined: the OP of the session is no longer configured. */
  readonly op: Op | undefined
  readonly returnTo: string
  /** What the sign-in must prove. */
  readonly stepUp: StepUp
  /** The `login_hint` of whoever made the link. */
  readonly loginHint?: string | undefined
  readonly again?: number
  /** With an intent, the OP must authenticate the person anew. */
  readonly intent?: Omit<Intent, 'begunAtMs'>
}

/** Redirects to the OP (OIDC Core 3.1.2.1) and stores what is to be checked when the browser returns. */
export type BeginSignIn = (exchange: Traced, wanted: Wanted) => Promise<Reply>

export function beginSignIn({
  states,
  ops,
  store,
  cookies,
  limits,
  ownOrigin,
  now,
  report,
}: BeginSignInParts): BeginSignIn {
  return async (exchange, { op, returnTo, stepUp, loginHint, again = 0, intent }) => {
    if (op === undefined) throw new Fault('session-ended')
    const { provider, callbackPath } = op
    const browserId = cookies.browserIn(exchange.fields.kept.cookie) ?? newOpaqueId()
    const acrValues = stepUp.acceptAcr ?? []
    const isAnew = intent !== undefined
    const asked = {
      ...(provider.asksAnew({ isAnew }) ? { anewAtMs: now() } : {}),
      ...(ops.only === undefined ? { provider: op.name } : {}),
    }
    const record: SignInRecord = {
      state: states.issue({ returnTo, stepUp, again }, asked),
      browserKey: keyOf(browserId),
      nonce: newOpaqueId(),
      codeVerifier: newOpaqueId(),
      ...{ returnTo, maxAgeSeconds: stepUp.maxAgeSeconds, acrValues },
      expiresAtMs: now() + limits.signInTimeoutSeconds * 1000,
      ...(intent === undefined ? {} : { intent: { ...intent, begunAtMs: now() } }),
    }
    const location = await provider.authorizationUrl({
      redirectUri: ownOrigin + callbackPath,
      state: record.state,
      nonce: record.nonce,
      codeChallenge: createHash('sha256').update(record.codeVerifier).digest('base64url'),
      maxAgeSeconds: isAnew ? 0 : stepUp.maxAgeSeconds,
      ...{ acrValues, isAnew, loginHint },
    })
    if (isHead(exchange)) return seeOther(location)
    await store.addSignIn(record, limits.maxSignInsInFlight)
    report('started', exchange)
    return seeOther(location, [cookies.browser(browserId, limits.signInTimeoutSeconds)])
  }
}
