/**
 * The modules of the OpenID Foundation's tests for relying parties, as we play them: each says what the OP does, what a
 * right RP does, and what Torhaus shows. `test/conformance/` plays each; the tables in docs/conformance.md
 * are made of the same lists.
 */
import type { RpUnderTest } from './rp-under-test.ts'

/** What a right RP does. Where it has a choice, a word of its own for each, with `or`. */
type Expected =
  | 'signs in'
  | 'refuses'
  | 'signs in or refuses'
  | 'signs out'
  | 'ends the session'
  | 'answers 400, ends nothing'
  | 'goes on'

export interface Module {
  /** As the Foundation calls it. */
  readonly name: string
  /** What the OP does. */
  readonly op: string
  readonly expected: Expected
  /** What comes of it here: begins with what is expected, and says how. */
  readonly seen: string
  /** Plays it, and says what came of it. */
  readonly play: (rp: RpUnderTest) => Promise<string>
}

export interface Variant {
  readonly responseMode: 'query' | 'form_post'
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'
}

export interface Plan {
  /** As the Foundation calls it. */
  readonly name: string
  readonly variants: readonly Variant[]
  readonly modules: readonly Module[]
}

/** Of an RP that has a choice, each is right. */
export const isAsExpected = ({ expected, seen }: Module): boolean =>
  expected.split(' or ').some(right => seen === right || seen.startsWith(`${right}: `))
