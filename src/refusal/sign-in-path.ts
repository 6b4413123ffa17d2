import type { StepUp } from '../decision.ts'
import { OWN_PREFIX } from '../http/request-target.ts'

/** Path of the sign-in, with what it must prove: otherwise `returnTo` would be refused again, in an endless loop. */
export function signInPath(returnTo: string, stepUp?: StepUp): string {
  const age = stepUp === undefined ? '' : `&max_age=${stepUp.maxAgeSeconds}`
  const acr = stepUp?.acceptAcr === undefined ? '' : `&acr_values=${encodeURIComponent(stepUp.acceptAcr.join(' '))}`
  return `${OWN_PREFIX}/sign-in?return_to=${encodeURIComponent(returnTo)}${age}${acr}`
}
