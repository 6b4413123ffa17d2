import type { StepUp } from '../decision.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import { ARRIVED } from './fragment.ts'

/** Where whoever is signed in goes, who wanted to go to `path`. */
export type Landing = (path: string, stepUp?: StepUp) => string

export const HAND_OVER = `${OWN_PREFIX}/hand-over`

/** With one host: there. */
export const landThere: Landing = path => path

/**
 * With a host of our own: through the hand-over, which the host of the server begins, since it alone knows which
 * browser it is for.
 */
export const landByHandOver =
  (publicOrigin: string): Landing =>
  (path, stepUp) =>
    path.startsWith(`${HAND_OVER}?`) || path.startsWith(`${ARRIVED}?`) ? path : publicOrigin + signInPath(path, stepUp)
