import type { Code, NewSignIn } from './errors.ts'

/** Continue with the next stage, with what is known now. */
export interface Proceed<Out> {
  readonly kind: 'proceed'
  readonly exchange: Out
}

/** What the client can do about a refusal. */
export interface RefusalHelp {
  /** RFC 9110 10.2.3. */
  readonly retryAfterSeconds?: number
  /** Code of the request that a person can confirm. */
  readonly confirm?: string
  readonly signIn?: NewSignIn
  /** What a sign-in must prove for this request, which a redirect to the sign-in would lose. */
  readonly stepUp?: StepUp
}

/** How the person must have authenticated for a request (RFC 9470 3, 4). */
export interface StepUp {
  /** Greatest age of the authentication, in seconds. */
  readonly maxAgeSeconds: number
  /** Accepted `acr` values; undefined: any that the configuration accepts. */
  readonly acceptAcr: readonly string[] | undefined
}

/** Why an exchange ends here; rendered in the form the client understands. */
export type Refusal =
  /** 401 with a challenge line per offered scheme (RFC 9110 11.6.1). `why`: more than the code says, for the log. */
  | { readonly kind: 'challenge'; readonly code: Code; readonly why?: string }
  /** Redirects a browser's navigation to the sign-in. `stepUp`: what that must prove beyond every other sign-in. */
  | { readonly kind: 'sign-in'; readonly code: Code; readonly stepUp?: StepUp }
  /** Any other status, as the code says. `why` as above. */
  | { readonly kind: 'deny'; readonly code: Code; readonly help?: RefusalHelp; readonly why?: string }

export type Decision<Out> = Proceed<Out> | Refusal

/** One step of the policy. It answers synchronously whenever it can: a promise costs more than most stages. */
export type Stage<In, Out> = (exchange: In) => Decision<Out> | Promise<Decision<Out>>

export const proceed = <Out>(exchange: Out): Proceed<Out> => ({ kind: 'proceed', exchange })
export const challenge = (code: Code, why?: string): Refusal =>
  why === undefined ? { kind: 'challenge', code } : { kind: 'challenge', code, why }
export const signIn = (code: Code, stepUp?: StepUp): Refusal =>
  stepUp === undefined ? { kind: 'sign-in', code } : { kind: 'sign-in', code, stepUp }
export const deny = (code: Code, help?: RefusalHelp): Refusal =>
  help === undefined ? { kind: 'deny', code } : { kind: 'deny', code, help }
export const denyBecause = (code: Code, why: string): Refusal => ({ kind: 'deny', code, why })
