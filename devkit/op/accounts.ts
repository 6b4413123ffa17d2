import { createHash, timingSafeEqual } from 'node:crypto'

export type OpUser = {
  readonly name: string
  readonly password: string
  /** Base32. A user without one signs in with the password alone. */
  readonly totpSecret?: string
  /** Extra claims for ID and access tokens: `email`, `onprem_sid`, `groups` and the like. */
  readonly claims?: Readonly<Record<string, unknown>>
}

export type Accounts = {
  bySubject(subject: string): OpUser | undefined
  byName(name: string): OpUser | undefined
  /** The user whose name and password these are. */
  authenticate(name: string, password: string): OpUser | undefined
  /** What the OP says about a user, `sub` included. */
  claimsOf(user: OpUser): Record<string, unknown>
  /** Names of the claims outside the standard scopes that some user has. */
  readonly extraClaimNames: readonly string[]
}

const scopedClaims = new Set(['sub', 'name', 'preferred_username', 'email', 'email_verified'])

/**
 * The `sub` of a user: opaque and unlike the user name, so that whoever confuses the two (OIDC Core 5.7: only `iss` and
 * `sub` identify) sees it at once.
 */
export function subjectOf(name: string): string {
  return createHash('sha256').update(`subject:${name}`).digest('hex').slice(0, 24)
}

export function createAccounts(users: readonly OpUser[]): Accounts {
  const byName = new Map(users.map(user => [user.name, user]))
  const bySubject = new Map(users.map(user => [subjectOf(user.name), user]))
  const extraClaimNames = [...new Set(users.flatMap(user => Object.keys(user.claims ?? {})))]
  return {
    bySubject: subject => bySubject.get(subject),
    byName: name => byName.get(name),
    authenticate(name, password) {
      const user = byName.get(name)
      return user !== undefined && sameText(user.password, password) ? user : undefined
    },
    claimsOf: user => ({
      sub: subjectOf(user.name),
      preferred_username: user.name,
      name: user.name,
      email: `${user.name}@example.test`,
      email_verified: true,
      ...user.claims,
    }),
    extraClaimNames: extraClaimNames.filter(name => !scopedClaims.has(name)),
  }
}

function sameText(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}
