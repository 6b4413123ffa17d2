/**
 * Stage 4: who is it? Sessions and tokens of the OP are verified here; what the server checks itself is only marked so.
 */

import type { AccountKeyOf } from '../src/account-key.ts'
import { after } from '../src/awaitable.ts'
import type { Clock } from '../src/clock.ts'
import { challenge, type Decision, deny, proceed, type Stage } from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import { type Authenticated, accountOf, type Credentials, type Presented, type Principal } from '../src/exchange.ts'
import type { RequestFields } from '../src/http/request-fields.ts'
import { isForeign, isSafeMethod } from '../src/http/request-origin.ts'
import type { CertificateFactor } from '../src/identity/certificate-factor.ts'
import type { FirstFactor, FirstFactorVerdict } from '../src/identity/first-factor.ts'
import type { TokenVerdict } from '../src/oidc/access-token.ts'
import type { AccessTokens } from '../src/oidc/access-tokens.ts'
import type { SessionRefresh } from '../src/oidc/session-refresh.ts'
import type { ProvePat } from '../src/pats/prove-pat.ts'
import { evidenceNow } from '../src/session/evidence-now.ts'
import type { Session } from '../src/session/session-cache.ts'
import type { SessionCookies } from '../src/session/session-cookie.ts'
import type { SessionRecord } from '../src/session/session-store.ts'
import type { Sessions } from '../src/session/sessions.ts'

export interface AuthenticateParts {
  readonly sessions: Pick<Sessions, 'find' | 'open'>
  readonly refresh: SessionRefresh
  /** Undefined where access tokens of the OP are not accepted. */
  readonly accessTokens: AccessTokens | undefined
  /** Undefined without a directory. */
  readonly firstFactor: Pick<FirstFactor, 'byNegotiate' | 'byPassword'> | undefined
  /** Undefined where clients show no certificates. */
  readonly certificates: Pick<CertificateFactor, 'vouch' | 'refuses'> | undefined
  /** Whether a ticket is enough for this request: then a browser gets a session with its first one. */
  readonly ticketOpensSession: (authenticated: Authenticated) => boolean
  /** One spelling per account. */
  readonly accountKey: AccountKeyOf
  /** A personal access token: the server is asked whose it is, where it can be. */
  readonly provesPat: ProvePat
  /** Credentials, or a certificate, of two people came in one request. */
  readonly mismatch: (presented: Presented, account: string, otherAccount: string, code: Code) => void
  readonly cookies: SessionCookies
  readonly now: Clock
  readonly publicOrigin: string
  /** Other origins whose pages may send what changes something. */
  readonly allowedOrigins: readonly string[]
}

const NO_FIELDS: readonly string[] = []

type Answer = Decision<Authenticated>
type Certificates = NonNullable<AuthenticateParts['certificates']>

const NOBODY: Principal = { kind: 'anonymous', because: 'credentials-missing' }
const SESSION_ENDED: Principal = { kind: 'anonymous', because: 'session-ended' }
const SERVER_CHECKED: Principal = { kind: 'server-checked' }

export function authenticate({
  sessions,
  refresh,
  accessTokens,
  firstFactor,
  certificates,
  ticketOpensSession,
  accountKey,
  mismatch,
  provesPat,
  cookies,
  now,
  publicOrigin,
  allowedOrigins,
}: AuthenticateParts): Stage<Presented, Authenticated> {
  const scheme = publicOrigin.slice(0, publicOrigin.indexOf(':'))
  // Under another of our names its own pages are no strangers; what else a name could be was refused before.
  const isOurs = (origin: string, host = '') =>
    origin === publicOrigin || allowedOrigins.includes(origin) || origin === `${scheme}://${host}`

  return certificates === undefined
    ? identify
    : presented => after(identify(presented), answer => ofCertificate(certificates, presented, answer))

  function identify(presented: Presented): Answer | Promise<Answer> {
    const { credentials } = presented
    if (isCrossSite(presented)) return deny('cross-site-request')
    switch (credentials.scheme) {
      case 'none':
        return proceed({ ...presented, principal: certificates?.vouch(presented) ?? NOBODY, replyFields: NO_FIELDS })
      case 'pat':
        return provesPat(presented, credentials)
      case 'server-token':
        return credentials.askable === undefined
          ? proceed({ ...presented, principal: SERVER_CHECKED, replyFields: NO_FIELDS })
          : provesPat(presented, credentials.askable)
      case 'session':
        return bySession(presented, credentials.id)
      case 'bearer':
        return byToken(presented, credentials)
      case 'basic':
        return firstFactor === undefined
          ? challenge('password-unavailable')
          : firstFactor.byPassword(credentials, presented.clientAddress).then(verdict => bind(presented, verdict))
      case 'negotiate':
        return firstFactor === undefined
          ? challenge('negotiate-unavailable')
          : firstFactor.byNegotiate(credentials, presented.peerIsTrusted).then(verdict => byTicket(presented, verdict))
      case 'ntlm':
        return challenge('ntlm-unsupported')
      case 'unsupported':
        return challenge(credentials.because, credentials.why)
    }
  }

  /** Whoever it is must be whom the certificate names. */
  function ofCertificate(factor: Certificates, presented: Presented, answer: Answer): Answer {
    if (answer.kind !== 'proceed') return answer
    const { principal } = answer.exchange
    const code = factor.refuses(presented, principal)
    if (code === undefined) return answer
    const [own, account] = [presented.certificate?.account, accountOf(principal)]
    if (code === 'client-certificate-mismatch') mismatch(presented, account ?? '', own ?? '', code)
    return deny(code)
  }

  /**
   * A request that changes something, or opens a WebSocket (RFC 6455 10.2), sent by a page of another origin with what
   * browsers send along by themselves: a cookie, a ticket, a remembered password, or nothing but the place in the
   * network.
   */
  function isCrossSite({ method, handshake, fields }: Presented): boolean {
    if (handshake === undefined && isSafeMethod(method)) return false
    return isForeign(fields, origin => isOurs(origin, fields.kept.host)) && isAmbient(fields)
  }

  function bySession(presented: Presented, id: string): Answer | Promise<Answer> {
    return after(sessions.find(id), session => withSession(presented, id, session))
  }

  function withSession(presented: Presented, id: string, session: Session | undefined): Answer | Promise<Answer> {
    if (session === undefined) return proceed({ ...presented, principal: SESSION_ENDED, replyFields: NO_FIELDS })
    const answer = (mayGoOn: boolean): Answer =>
      proceed({
        ...presented,
        principal: mayGoOn ? personOf(session.record, now()) : SESSION_ENDED,
        replyFields: NO_FIELDS,
      })
    return after(refresh.mayGoOn(id, session), answer)
  }

  /**
   * A browser asks without credentials for each picture of a page, and is asked back each time: unless it has a
   * session.
   */
  async function byTicket(presented: Presented, verdict: FirstFactorVerdict): Promise<Answer> {
    const answer = await bind(presented, verdict)
    if ('refused' in verdict || answer.kind !== 'proceed' || !presented.isNavigation) return answer
    if (answer.exchange.principal !== verdict.principal || !ticketOpensSession(answer.exchange)) return answer
    const { subject, account, evidence, groups } = verdict.principal
    if (account === undefined) return answer
    const id = await sessions.open(
      { subject, opSessionId: undefined, account, accountKey: accountKey(account), evidence },
      { refreshToken: undefined, idToken: undefined, groups },
    )
    return vouchedFor(presented, {
      ...verdict,
      replyFields: [...verdict.replyFields, 'Set-Cookie', cookies.session(id)],
    })
  }

  /** "My password, your phone": a session that comes along must be the same person's. Then its second factor counts. */
  async function bind(presented: Presented, verdict: FirstFactorVerdict): Promise<Answer> {
    const id = presented.companionSession
    if ('refused' in verdict || id === undefined) return vouchedFor(presented, verdict)
    const session = await sessions.find(id)
    if (session === undefined || !(await refresh.mayGoOn(id, session))) return vouchedFor(presented, verdict)
    const { account, groups } = session.record
    const evidence = evidenceNow(session.record, now())
    const { principal } = verdict
    if (principal.account === undefined || accountKey(principal.account) !== accountKey(account)) {
      mismatch(presented, principal.account ?? principal.subject, account, 'account-mismatch')
      return deny('account-mismatch')
    }
    if (evidence.firstFactor !== undefined) return vouchedFor(presented, verdict)
    // Groups that the OP names, and SIDs that the ticket does: the person is in all of them.
    const all = [principal.groups, groups].flatMap(named => named ?? [])
    const own = principal.groups === undefined ? {} : { ticketGroups: principal.groups }
    return vouchedFor(presented, { ...verdict, principal: { ...principal, evidence, groups: all, ...own } })
  }

  function byToken(
    presented: Presented,
    { token }: Extract<Credentials, { scheme: 'bearer' }>,
  ): Answer | Promise<Answer> {
    if (accessTokens === undefined) return challenge('bearer-disabled')
    return after(accessTokens.verify(token), verdict => withVerdict(presented, verdict))
  }
}

/** No browser sends a Bearer token without having been told by the page; all else it may send by itself. */
const isAmbient = ({ kept }: RequestFields) => !/^bearer /i.test(kept.authorization ?? '')

function vouchedFor(presented: Presented, verdict: FirstFactorVerdict): Answer {
  if ('refused' in verdict) return refuse(verdict)
  return proceed({ ...presented, ...verdict })
}

/** 429 for who tried too often, a challenge for everybody else. */
function refuse({ refused, why, retryAfterSeconds }: Extract<FirstFactorVerdict, { refused: unknown }>): Answer {
  return retryAfterSeconds === undefined ? challenge(refused, why) : deny(refused, { retryAfterSeconds })
}

function withVerdict(presented: Presented, verdict: TokenVerdict): Answer {
  if ('refused' in verdict) return challenge(verdict.refused, verdict.why)
  const { subject, account, evidence, groups } = verdict
  const person = { kind: 'person', subject, account, evidence } as const
  const principal = groups === undefined ? person : { ...person, groups }
  return proceed({ ...presented, principal, replyFields: NO_FIELDS })
}

function personOf(record: SessionRecord, nowMs: number): Principal {
  const { subject, account, groups } = record
  const person = { kind: 'person', subject, account, evidence: evidenceNow(record, nowMs) } as const
  return groups === undefined ? person : { ...person, groups }
}
