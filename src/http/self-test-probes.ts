/**
 * Requests shaped like attacks. All hops in front must pass them to Torhaus unchanged, and Torhaus refuses them.
 * `torhaus doctor` sends them and compares what arrives with this table: a hop that rewrites paths, or trusts what
 * clients say about themselves, would undermine the policy.
 */
import { OWN_PREFIX } from './request-target.ts'

export const SELF_TEST_PATH = `${OWN_PREFIX}/self-test`

/** Parameter of the query: 16 random bytes in hexadecimal. */
export const CHALLENGE = 'challenge'
export const isChallenge = (text: string) => /^[0-9a-f]{32}$/.test(text)

/** Of nobody (RFC 5737 3). */
export const FORGED_ADDRESS = '192.0.2.66'

export interface Probe {
  /** The request target. */
  readonly target: string
  /** Further field lines. */
  readonly fields: readonly string[]
  /** In place of the name of publicUrl. */
  readonly host?: string
  /** How Torhaus refuses it: `self-test` is for what reached the page of that name. */
  readonly refusedAs: readonly string[]
}

const page = (name: string, path: string, fields: readonly string[] = []): readonly [string, Probe] => [
  name,
  { target: `${SELF_TEST_PATH}${path}?probe=${name}`, fields, refusedAs: ['self-test'] },
]

export const PROBES: Readonly<Record<string, Probe>> = {
  ...Object.fromEntries([
    page('plain', ''),
    page('dot-segments', '/a/../b'),
    page('encoded-dot-segments', '/a/%2e%2e/b'),
    page('encoded-slash', '/a%2fb'),
    page('doubled-slash', '/a//b'),
    page('backslash', '/a\\b'),
    page('parameters', '/a;b/c'),
    page('doubled-field', '', ['X-Torhaus-Probe: one', 'X-Torhaus-Probe: two', 'X_Torhaus_Probe: three']),
    page('forged-address', '', [`X-Forwarded-For: ${FORGED_ADDRESS}`, `Forwarded: for=${FORGED_ADDRESS}`]),
  ]),
  'hidden-path': { target: '/%2etorhaus/self-test?probe=hidden-path', fields: [], refusedAs: ['path-ambiguous'] },
  'foreign-host': {
    target: `${SELF_TEST_PATH}?probe=foreign-host`,
    fields: [],
    host: 'self-test.invalid',
    refusedAs: ['host-unknown'],
  },
}
