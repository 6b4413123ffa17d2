import type { StepUp } from '../decision.ts'
import { OWN_PREFIX } from '../http/request-target.ts'

/**
 * The sign-in, and what it must prove so that `returnTo` is not refused again: otherwise it would be an endless loop.
 */
export function signInPath(returnTo: string, stepUp?: StepUp): string {
  const age = stepUp === undefined ? '' : `&max_age=${stepUp.maxAgeSeconds}`
  const acr = stepUp?.acceptAcr === undefined ? '' : `&acr_values=${encodeURIComponent(stepUp.acceptAcr.join(' '))}`
  return `${OWN_PREFIX}/sign-in?return_to=${encodeURIComponent(returnTo)}${age}${acr}`
}
