/**
 * Stage 5: may it pass? The only place that admits anything to the upstream. The rules of the configuration say what is
 * required; every way through has a name, and the name is in the log:
 *
 *   second-factor    a person with a second factor that is recent enough
 *   provider-policy  the same, where the OP does not say so, and demands it of everybody as the configuration says
 *   ticket-factor    the same, where the person's Kerberos ticket says so
 *   grant            a client with one factor, for which a person has confirmed with the second, and what was confirmed covers it
 *   server-checked   a personal access token or a token of the server: the server decides. No rule saves a token that
 *                    its person has blocked, that the policy for such tokens refuses, or that waits for its owner
 *   cors-preflight   OPTIONS with Origin and Access-Control-Request-Method, and nothing that says who asks or what for: browsers
 *                    send it so. A rule that refuses applies to it
 *   <rule>           a rule that requires less; `agent-token-exchange` is built in
 *
 * What makes credentials that last (`src/policy/lasting-rights.ts`) needs more than passing: a second factor that is fresh.
 */

import type { AccountKeyOf } from '../src/account-key.ts'
import { Admission } from '../src/admission.ts'
import { type Awaitable, after } from '../src/awaitable.ts'
import type { Clock } from '../src/clock.ts'
import { challenge, type Decision, deny, proceed, type Refusal, type Stage, signIn } from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import type { Admitted, Authenticated, Principal } from '../src/exchange.ts'
import type { Grant, GrantRequest, GrantScope } from '../src/grants/grant-store.ts'
import type { Grants, OpenedRequest } from '../src/grants/grants.ts'
import type { FormsRead } from '../src/http/form-type.ts'
import { asksForTicket } from '../src/policy/by-ticket.ts'
import { freshStepUp, shortOfFresh, signInForPage } from '../src/policy/fresh-factor.ts'
import { coverFor, isConfirmed, type Need, needOf } from '../src/policy/grant-cover.ts'
import { changesIdentity, isFormUnjudged } from '../src/policy/identity-change.ts'
import type { LastingRights, LastingSign } from '../src/policy/lasting-rights.ts'
import type { Outsider } from '../src/policy/membership.ts'
import { isPreflight, isShapedLikePreflight } from '../src/policy/preflight.ts'
import type { Requirement, Rules } from '../src/policy/rules.ts'
import { judgeSecondFactor, type SecondFactorSettings } from '../src/policy/second-factor.ts'
import { settleSign } from '../src/policy/settle-sign.ts'
import { denyUntil, ruleFor, stepUpBeyondUsual, stepUpOf } from '../src/policy/step-up.ts'
import type { Offers } from '../src/refusal/challenge.ts'

export interface SecondFactorParts {
  readonly settings: SecondFactorSettings
  readonly rules: Rules
  readonly lastingRights: LastingRights
  readonly grants: Pick<Grants, 'find' | 'scopeOf'> & {
    /** Undefined: there is to be no link. */
    ask(...question: Parameters<Grants['ask']>): Awaitable<OpenedRequest | undefined>
  }
  readonly offers: Offers
  /** One spelling per account, so that both factors can be compared. */
  readonly accountKey: AccountKeyOf
  readonly now: Clock
  /** The server takes a token from a form, too: content that Torhaus does not read. */
  readonly formsWithTokens: FormsRead
  /** Why somebody may not pass at all, by their groups; undefined where everybody may. */
  readonly outsider: Outsider | undefined
  /** Why a personal access token must not pass; undefined for all else. */
  readonly refusesPat: (exchange: Authenticated) => Awaitable<Refusal | undefined>
  /** A report-only rule would have refused. */
  readonly report: (exchange: Authenticated, rule: string, code: Code) => void
  /** A client was shown a new link. */
  readonly asked: (exchange: Authenticated, request: GrantRequest, code: Code) => void
}

type Answer = Decision<Admitted> | Promise<Decision<Admitted>>
/** The first is unmet. */
type Unmet = readonly [Requirement, ...Requirement[]]

export function requireSecondFactor(parts: SecondFactorParts): Stage<Authenticated, Admitted> {
  const { settings, rules, lastingRights, grants, accountKey, now, outsider, refusesPat, report, asked } = parts

  return authenticated => {
    const preflight = isShapedLikePreflight(authenticated) ? asPreflight(authenticated) : undefined
    if (preflight !== undefined) return preflight
    return after(refusesPat(authenticated), refusal => refusal ?? decide(authenticated))
  }

  function decide(authenticated: Authenticated): Answer {
    const outside = outsider?.(authenticated)
    if (outside !== undefined) return deny(outside)
    const { decides, also, reports, isAmbiguous } = rules.read(authenticated)
    for (const requirement of reports) wouldHave(authenticated, requirement)
    const required = [decides, ...also]
    const unmet = required.find(requirement => shortfall(authenticated, requirement) !== undefined)
    const code = unmet && shortfall(authenticated, unmet)
    const isAnonymous = authenticated.principal.kind === 'anonymous'
    // A rule would let it pass if it were read in one way only: better said than asked for credentials that nobody has.
    if (code !== undefined && code !== 'rule-refuses' && isAmbiguous && isAnonymous) return deny('path-ambiguous')
    const changed = code === undefined || !isAnonymous ? identityCode(authenticated, required) : undefined
    if (changed !== undefined) return deny(changed)
    const sign = signOf(authenticated, required)
    return unmet === undefined || code === undefined
      ? pass(authenticated, decides, sign)
      : resolve(authenticated, [unmet, ...also], code, sign)
  }

  /** Why the server might take the request for somebody else's; undefined where it will not, or a rule allows it. */
  function identityCode(authenticated: Authenticated, decided: readonly Requirement[]): Code | undefined {
    const code = changesIdentity(authenticated)
      ? 'identity-change-refused'
      : isFormUnjudged(authenticated, parts.formsWithTokens)
        ? 'form-unjudged'
        : undefined
    if (code === undefined || decided.every(({ allowsIdentityChange }) => allowsIdentityChange)) return undefined
    if (!settings.reportOnly.includes('identity-change')) return code
    report(authenticated, 'identity-change', code)
    return undefined
  }

  /** Undefined: it is none, whatever its shape. */
  function asPreflight(authenticated: Authenticated): Answer | undefined {
    const isReportOnly = settings.reportOnly.includes('preflight')
    if (!isPreflight(authenticated)) {
      if (!isReportOnly) return undefined
      report(authenticated, 'cors-preflight', 'credentials-missing')
    }
    const { decides, reports } = rules.read(authenticated)
    for (const { rule, require } of reports) if (require === 'refuse') report(authenticated, rule, 'rule-refuses')
    if (decides.require === 'refuse') {
      if (!isReportOnly) return deny('rule-refuses')
      report(authenticated, decides.rule, 'rule-refuses')
    }
    return admit(authenticated, 'cors-preflight')
  }

  /** What is missing for the requirement, grants left aside; undefined: nothing. */
  function shortfall({ principal }: Authenticated, requirement: Requirement): Code | undefined {
    const { require } = requirement
    if (require === 'refuse') return 'rule-refuses'
    if (require === 'nothing') return undefined
    if (principal.kind === 'anonymous') return principal.because
    if (principal.kind === 'server-checked' || require === 'first-factor') return undefined
    const verdict = judgeSecondFactor(ruleFor(settings, requirement), principal.evidence, now())
    return verdict === 'satisfied' ? undefined : verdict
  }

  /** Reports what the requirement would have refused: by the same measure, grants included. */
  function wouldHave(authenticated: Authenticated, requirement: Requirement): void {
    const code = shortfall(authenticated, requirement)
    if (code === undefined) return
    const conclude = (grant: Grant | undefined) => {
      if (holds(authenticated, [requirement], grant) === undefined) report(authenticated, requirement.rule, code)
    }
    const scope = code === 'rule-refuses' ? undefined : scopeOf(authenticated)
    const grant = scope && grants.find(scope)
    if (grant instanceof Promise) void grant.then(conclude, () => conclude(undefined))
    else conclude(grant)
  }

  /** Under which a grant may stand in for what is missing; undefined where none can: whoever can be led to the sign-in is. */
  function scopeOf(authenticated: Authenticated): GrantScope | undefined {
    const { principal, credentials, isNavigation } = authenticated
    if (principal.kind !== 'person' || principal.account === undefined || credentials.scheme === 'session')
      return undefined
    // Not so with an access token: it would still be sent, and still count, after the sign-in.
    if (isNavigation && credentials.scheme !== 'bearer') return undefined
    return grants.scopeOf(accountKey(principal.account), authenticated)
  }

  /** Something is missing: is there a grant, or how does this client get what is missing? */
  function resolve(authenticated: Authenticated, requirements: Unmet, code: Code, sign?: LastingSign): Answer {
    const { principal, credentials, isNavigation } = authenticated
    if (code === 'rule-refuses') return deny(code)
    if (principal.kind === 'anonymous') return askWhoItIs(authenticated, code)
    const scope = scopeOf(authenticated)
    if (scope === undefined && isNavigation && asksForTicket(parts, authenticated)) return challenge('session-ended')
    if (scope === undefined)
      return isNavigation && credentials.scheme !== 'bearer'
        ? signIn(code, stepUpBeyondUsual(settings, requirements[0]))
        : denyUntil(authenticated, code, stepUpOf(settings, requirements[0]))
    if (sign === undefined) return byGrant(authenticated, scope, requirements, code)
    return settleSign(authenticated, sign, (exchange, made) => {
      if (made === undefined) return byGrant(exchange, scope, requirements, code)
      // No link: what is confirmed at it would cover none of this.
      if (!settings.lastingRights.reportOnly) return deny('lasting-right-refused')
      return after(byGrant(exchange, scope, requirements, code), answer => {
        if (answer.kind === 'proceed') report(exchange, 'lasting-rights', 'lasting-right-refused')
        return answer
      })
    })
  }

  function byGrant(exchange: Authenticated, scope: GrantScope, requirements: Unmet, code: Code): Answer {
    const show = (question: OpenedRequest | undefined): Refusal => {
      if (question === undefined) return deny(code)
      const { request, isNew } = question
      if (isNew) asked(exchange, request, code)
      return deny(code, { confirm: request.code })
    }
    return after(grants.find(scope), (grant): Answer => {
      const by = holds(exchange, requirements, grant)
      const need = needOf(exchange)
      if (by === 'class') report(exchange, 'grant-scope', need === undefined ? 'grant-out-of-scope' : code)
      if (by !== undefined) return admit(exchange, 'grant')
      const cover = need && coverFor(need, settings.grants)
      if (cover === undefined && !settings.grants.scopeReportOnly) return deny('grant-out-of-scope')
      return after(grants.ask(scope, exchange, stepUpOf(settings, requirements[0]), cover), show)
    })
  }

  /** Whether what a person has confirmed is enough now: because it covers this, or only because its class of client asks. */
  function holds(
    exchange: Authenticated,
    requirements: readonly Requirement[],
    grant: Grant | undefined,
  ): 'cover' | 'class' | undefined {
    if (grant === undefined) return undefined
    const unmet = requirements.filter(requirement => shortfall(exchange, requirement) !== undefined)
    const isEnough = (need: Need | undefined) =>
      unmet.every(asked => isConfirmed(grant.confirmations, need, ruleFor(settings, asked), now()))
    const need = needOf(exchange)
    if (need !== undefined && isEnough(need)) return 'cover'
    return settings.grants.scopeReportOnly && isEnough(undefined) ? 'class' : undefined
  }

  /** Undefined: it makes nothing that lasts, or may. Who has proven nothing makes it as nobody. */
  function signOf(exchange: Authenticated, required: readonly Requirement[]): LastingSign | undefined {
    const sign = exchange.principal.kind === 'anonymous' ? undefined : lastingRights.signOf(exchange)
    if (sign === undefined) return undefined
    return required.every(({ allowsLastingRights }) => allowsLastingRights) ? undefined : sign
  }

  /** Everything that is required was shown. */
  function pass(authenticated: Authenticated, decides: Requirement, sign: LastingSign | undefined): Answer {
    const name = nameOf(authenticated.principal, decides)
    if (sign === undefined)
      return signInForPage(settings, lastingRights, authenticated, decides, now()) ?? admit(authenticated, name)
    const code = sign.makes === 'credential' ? shortOfFresh(settings, authenticated, decides, now()) : undefined
    if (code === undefined) return admit(authenticated, name)
    return settleSign(authenticated, sign, (exchange, made) => {
      if (made === undefined) return admit(exchange, name)
      if (!settings.lastingRights.reportOnly) return denyUntil(exchange, code, freshStepUp(settings, decides))
      report(exchange, 'lasting-rights', code)
      return admit(exchange, name)
    })
  }

  /** A browser that could show a ticket, where a ticket is enough, is asked for it; the page that comes with the 401 leads to the sign-in. */
  function askWhoItIs(authenticated: Authenticated, code: Code): Refusal {
    return authenticated.isNavigation && !asksForTicket(parts, authenticated) ? signIn(code) : challenge(code)
  }
}

const mint = Admission.claimMint()

function admit(authenticated: Authenticated, admittedBy: string): Decision<Admitted> {
  return proceed({ ...authenticated, admission: mint(authenticated), admittedBy })
}

function nameOf(principal: Principal, { rule, require }: Requirement): string {
  if (require === 'nothing' || (require === 'first-factor' && isOneFactor(principal))) return rule
  if (principal.kind === 'server-checked') return 'server-checked'
  if (principal.kind !== 'person') return 'second-factor'
  if (principal.evidence.ticket !== undefined) return 'ticket-factor'
  return principal.evidence.byPolicy ? 'provider-policy' : 'second-factor'
}

const isOneFactor = (principal: Principal): boolean =>
  principal.kind === 'person' && principal.evidence.firstFactor !== undefined
