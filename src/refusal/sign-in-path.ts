import type { SignInDemand } from '../decision.ts'
import { OWN_PREFIX } from '../http/request-target.ts'

/** The sign-in, and what it must prove so that `returnTo` is not refused again: otherwise it would be an endless loop. */
export function signInPath(returnTo: string, demand?: SignInDemand): string {
  const age = demand === undefined ? '' : `&max_age=${demand.maxAgeSeconds}`
  const acr = demand?.acceptAcr === undefined ? '' : `&acr_values=${encodeURIComponent(demand.acceptAcr.join(' '))}`
  return `${OWN_PREFIX}/sign-in?return_to=${encodeURIComponent(returnTo)}${age}${acr}`
}
