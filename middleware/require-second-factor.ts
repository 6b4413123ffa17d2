/**
 * Stage 5: may it pass? The only place that admits anything to the upstream. The rules of the configuration say what is
 * required; every way through has a name, and the name is in the log:
 *
 *   second-factor    a person with a second factor that is recent enough
 *   grant            a client with one factor, for which a person has confirmed with the second
 *   server-checked   a personal access token or a token of the server: the server decides. No rule saves a token that
 *                    its person has blocked, or that the policy for such tokens refuses
 *   cors-preflight   OPTIONS with Origin and Access-Control-Request-Method, and nothing that says who asks or what for: browsers
 *                    send it so. A rule that refuses applies to it
 *   <rule>           a rule that requires less; `agent-token-exchange` is built in
 */

import type { Config } from '../config/schema.ts'
import type { AccountKeyOf } from '../src/account-key.ts'
import { Admission } from '../src/admission.ts'
import type { Awaitable } from '../src/awaitable.ts'
import type { Clock } from '../src/clock.ts'
import {
  challenge,
  type Decision,
  deny,
  proceed,
  type Refusal,
  type Stage,
  type StepUp,
  signIn,
} from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import type { Admitted, Authenticated, Principal } from '../src/exchange.ts'
import type { Grant, GrantRequest, GrantScope } from '../src/grants/grant-store.ts'
import type { Grants, OpenedRequest } from '../src/grants/grants.ts'
import { changesIdentity, isFormBesideToken } from '../src/policy/identity-change.ts'
import { isPreflight, isShapedLikePreflight } from '../src/policy/preflight.ts'
import type { Requirement, Rules } from '../src/policy/rules.ts'
import { judgeSecondFactor, type SecondFactorRule } from '../src/policy/second-factor.ts'
import type { Offers } from '../src/refusal/challenge.ts'

export interface SecondFactorParts {
  readonly settings: Config['secondFactor']
  readonly rules: Rules
  readonly grants: Pick<Grants, 'find' | 'scopeOf'> & {
    /** Undefined: there is to be no link. */
    ask(...question: Parameters<Grants['ask']>): Awaitable<OpenedRequest | undefined>
  }
  readonly offers: Offers
  /** One spelling per account, so that both factors can be compared. */
  readonly accountKey: AccountKeyOf
  readonly now: Clock
  /** The server takes a token from a form, too: content that Torhaus does not read. */
  readonly formsCarryTokens: boolean
  /** Why a personal access token must not pass; undefined for all else. */
  readonly refusesPat: (exchange: Authenticated) => Awaitable<Code | undefined>
  /** A report-only rule would have refused. */
  readonly report: (exchange: Authenticated, rule: string, code: Code) => void
  /** A client was shown a new link. */
  readonly asked: (exchange: Authenticated, request: GrantRequest, code: Code) => void
}

type Answer = Decision<Admitted> | Promise<Decision<Admitted>>
type Person = Extract<Principal, { kind: 'person' }>

export function requireSecondFactor(parts: SecondFactorParts): Stage<Authenticated, Admitted> {
  const { settings, rules, grants, offers, accountKey, now, refusesPat, report, asked, formsCarryTokens } = parts

  return authenticated => {
    const preflight = isShapedLikePreflight(authenticated) ? asPreflight(authenticated) : undefined
    if (preflight !== undefined) return preflight
    const patCode = refusesPat(authenticated)
    return patCode instanceof Promise
      ? patCode.then(code => decide(authenticated, code))
      : decide(authenticated, patCode)
  }

  function decide(authenticated: Authenticated, patCode: Code | undefined): Answer {
    if (patCode !== undefined) return deny(patCode)
    const { decides, also, reports, isAmbiguous } = rules.read(authenticated)
    for (const requirement of reports) wouldHave(authenticated, requirement)
    const unmet = shortfall(authenticated, decides) === undefined ? firstUnmet(authenticated, also) : decides
    const code = unmet && shortfall(authenticated, unmet)
    const isAnonymous = authenticated.principal.kind === 'anonymous'
    // A rule would let it pass if it were read in one way only: better said than asked for credentials that nobody has.
    if (code !== undefined && code !== 'rule-refuses' && isAmbiguous && isAnonymous) return deny('path-ambiguous')
    const changed = code === undefined || !isAnonymous ? identityCode(authenticated, [decides, ...also]) : undefined
    if (changed !== undefined) return deny(changed)
    if (unmet === undefined || code === undefined) return admit(authenticated, nameOf(authenticated.principal, decides))
    return resolve(authenticated, unmet, code)
  }

  function firstUnmet(authenticated: Authenticated, requirements: readonly Requirement[]): Requirement | undefined {
    return requirements.find(requirement => shortfall(authenticated, requirement) !== undefined)
  }

  /** Why the server might take the request for somebody else's; undefined where it will not, or a rule allows it. */
  function identityCode(authenticated: Authenticated, decided: readonly Requirement[]): Code | undefined {
    const code = changesIdentity(authenticated)
      ? 'identity-change-refused'
      : formsCarryTokens && isFormBesideToken(authenticated)
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
  function shortfall({ principal }: Authenticated, { require, ...wanted }: Requirement): Code | undefined {
    if (require === 'refuse') return 'rule-refuses'
    if (require === 'nothing') return undefined
    if (principal.kind === 'anonymous') return principal.because
    if (principal.kind === 'server-checked' || require === 'first-factor') return undefined
    const verdict = judgeSecondFactor(ruleFor(settings, wanted), principal.evidence, now())
    return verdict === 'satisfied' ? undefined : verdict
  }

  /** Reports what the requirement would have refused: by the same measure, grants included. */
  function wouldHave(authenticated: Authenticated, requirement: Requirement): void {
    const code = shortfall(authenticated, requirement)
    if (code === undefined) return
    const conclude = (grant: Grant | undefined) => {
      if (grant === undefined) report(authenticated, requirement.rule, code)
    }
    const scope = code === 'rule-refuses' ? undefined : scopeOf(authenticated)
    const grant = scope && grants.find(scope, stepUpOf(settings, requirement))
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
  function resolve(authenticated: Authenticated, requirement: Requirement, code: Code): Answer {
    const { principal, credentials, isNavigation } = authenticated
    if (code === 'rule-refuses') return deny(code)
    if (principal.kind === 'anonymous') return askWhoItIs(authenticated, code)
    const scope = scopeOf(authenticated)
    if (scope !== undefined) return byGrant(authenticated, scope, stepUpOf(settings, requirement), code)
    return isNavigation && credentials.scheme !== 'bearer'
      ? signIn(code, stepUpBeyondUsual(settings, requirement))
      : deny(code)
  }

  function byGrant(authenticated: Authenticated, scope: GrantScope, stepUp: StepUp, code: Code): Answer {
    const show = (question: OpenedRequest | undefined): Refusal => {
      if (question === undefined) return deny(code)
      const { request, isNew } = question
      if (isNew) asked(authenticated, request, code)
      return deny(code, { confirm: request.code })
    }
    const use = (grant: Grant | undefined): Answer => {
      if (grant !== undefined) return admit(authenticated, 'grant')
      const question = grants.ask(scope, authenticated, stepUp)
      return question instanceof Promise ? question.then(show) : show(question)
    }
    const grant = grants.find(scope, stepUp)
    return grant instanceof Promise ? grant.then(use) : use(grant)
  }

  /** A browser that could show a ticket, where a ticket is enough, is asked for it; the page that comes with the 401 leads to the sign-in. */
  function askWhoItIs(authenticated: Authenticated, code: Code): Refusal {
    const wantsTicket = offers(authenticated).includes('Negotiate') && rules.ticketIsEnough(authenticated)
    return authenticated.isNavigation && !wantsTicket ? signIn(code) : challenge(code)
  }
}

const mint = Admission.claimMint()

function admit(authenticated: Authenticated, admittedBy: string): Decision<Admitted> {
  return proceed({ ...authenticated, admission: mint(authenticated), admittedBy })
}

function nameOf(principal: Principal, { rule, require }: Requirement): string {
  if (require === 'nothing' || (require === 'first-factor' && isOneFactor(principal))) return rule
  return principal.kind === 'server-checked' ? 'server-checked' : 'second-factor'
}

const isOneFactor = (principal: Principal): principal is Person =>
  principal.kind === 'person' && principal.evidence.firstFactor !== undefined

/** The part of a rule about the authentication; what it leaves open is as configured for everybody. */
type RuleStepUp = Pick<Requirement, 'maxAgeSeconds' | 'acceptAcr'>

const stepUpOf = (settings: SecondFactorRule, { maxAgeSeconds, acceptAcr }: RuleStepUp): StepUp => ({
  maxAgeSeconds: maxAgeSeconds ?? settings.maxAgeSeconds,
  acceptAcr,
})

/** What the sign-in must prove beyond the usual. */
function stepUpBeyondUsual(settings: SecondFactorRule, rule: RuleStepUp): StepUp | undefined {
  const isUsual = rule.maxAgeSeconds === undefined && rule.acceptAcr === undefined
  return isUsual ? undefined : stepUpOf(settings, rule)
}

function ruleFor(settings: SecondFactorRule, { maxAgeSeconds, acceptAcr }: RuleStepUp): SecondFactorRule {
  if (maxAgeSeconds === undefined && acceptAcr === undefined) return settings
  const { acceptAcrs, acceptAmr } = settings
  return {
    maxAgeSeconds: maxAgeSeconds ?? settings.maxAgeSeconds,
    ...(acceptAcr === undefined
      ? { acceptAcr: settings.acceptAcr, acceptAcrs, acceptAmr }
      : { acceptAcr, acceptAcrs: [], acceptAmr: [] }),
  }
}
