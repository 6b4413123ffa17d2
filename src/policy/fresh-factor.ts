/**
 * To create a token or a key, a person must have proven the second factor just now: a password and an open browser must
 * not be enough for access that lasts for years.
 */
import type { Config } from '../../config/schema.ts'
import { type Refusal, type StepUp, signIn } from '../decision.ts'
import type { Code } from '../errors.ts'
import type { Authenticated } from '../exchange.ts'
import type { LastingRights } from './lasting-rights.ts'
import type { Requirement } from './rules.ts'
import { judgeSecondFactor } from './second-factor.ts'
import { ruleFor } from './step-up.ts'

type Settings = Config['secondFactor']

/** A form submitted too late would be lost, so a page with one needs half of the time left. */
const SHARE_OF_PAGES = 0.5

/** What a sign-in must prove so that nothing is missing. */
export const freshStepUp = (settings: Settings, decides: Requirement): StepUp => ({
  maxAgeSeconds: Math.min(ruleFor(settings, decides).maxAgeSeconds, settings.lastingRights.maxAgeSeconds),
  acceptAcr: decides.acceptAcr,
})

/** What is missing; undefined: nothing. A program is told that this is not open to programs. */
export function shortOfFresh(
  settings: Settings,
  { principal, credentials }: Authenticated,
  decides: Requirement,
  nowMs: number,
): Code | undefined {
  if (principal.kind !== 'person') return 'lasting-right-refused'
  const rule = ruleFor(settings, decides)
  const { maxAgeSeconds } = freshStepUp(settings, decides)
  const verdict = judgeSecondFactor({ ...rule, maxAgeSeconds, refusesPolicy: true }, principal.evidence, nowMs)
  if (verdict === 'satisfied') return undefined
  return credentials.scheme === 'session' || credentials.scheme === 'bearer' ? verdict : 'lasting-right-refused'
}

/** For a browser that comes to the page on which they are made. */
export function signInForPage(
  settings: Settings,
  lastingRights: LastingRights,
  authenticated: Authenticated,
  decides: Requirement,
  nowMs: number,
): Refusal | undefined {
  const { principal, isNavigation, credentials } = authenticated
  if (!isNavigation || credentials.scheme !== 'session' || principal.kind !== 'person') return undefined
  if (settings.lastingRights.reportOnly || decides.allowsLastingRights) return undefined
  if (!lastingRights.isPage(authenticated)) return undefined
  const rule = ruleFor(settings, decides)
  const ofPages = Math.floor(settings.lastingRights.maxAgeSeconds * SHARE_OF_PAGES)
  const maxAgeSeconds = Math.min(rule.maxAgeSeconds, ofPages)
  const verdict = judgeSecondFactor({ ...rule, maxAgeSeconds, refusesPolicy: true }, principal.evidence, nowMs)
  return verdict === 'satisfied' ? undefined : signIn(verdict, { maxAgeSeconds, acceptAcr: decides.acceptAcr })
}
