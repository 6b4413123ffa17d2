import type { StepUp } from '../decision.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { signInPath } from '../refusal/sign-in-path.ts'
import { ARRIVED } from './fragment.ts'

/** Where to redirect after sign-in a browser that requested `path`. */
export type Landing = (path: string, stepUp?: StepUp) => string

export const HAND_OVER = `${OWN_PREFIX}/hand-over`

/** With one host: directly. */
export const landThere: Landing = path => path

/**
 * With a host of its own: through the hand-over, which begins at the public host, because only that knows the browser.
 */
export const landByHandOver =
  (publicOrigin: string): Landing =>
  (path, stepUp) =>
    path.startsWith(`${HAND_OVER}?`) || path.startsWith(`${ARRIVED}?`) ? path : publicOrigin + signInPath(path, stepUp)
