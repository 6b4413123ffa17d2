import { randomInt } from 'node:crypto'
import { pageBytes } from './lab/origin.ts'
import type { LoadRequest, Scheme } from './load.ts'
import type { CredentialFields } from './scenario.ts'

const PAT_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'

/** The shape of an Azure DevOps token: 52 characters of base32. The origin server of a load test takes any. */
export const randomPat = (): string => Array.from({ length: 52 }, () => PAT_LETTERS.charAt(randomInt(32))).join('')

const personalAccessToken = randomPat()

/** What is known of one user. */
export interface UserCredentials {
  readonly cookie: string
  readonly accessToken: string
  /** A Negotiate token in base64; empty without a realm. Whoever checks it accepts it once only. */
  readonly ticket: string
}

/** Fields as these clients send them. Every subject gets the same, whether or not it looks at them. */
export function credentialFields(user: UserCredentials, takesBearerForPat: boolean): CredentialFields {
  const { cookie, accessToken, ticket } = user
  const bearer = {
    'User-Agent': 'curl/8.14.1',
    Accept: 'application/json',
    Authorization: `Bearer ${accessToken}`,
  }
  const basic = Buffer.from(`:${personalAccessToken}`).toString('base64')
  return {
    session: {
      'User-Agent':
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
      Accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
      'Accept-Language': 'en',
      Cookie: `theme=dark; ${cookie}`,
    },
    bearer,
    pat: takesBearerForPat ? bearer : { 'User-Agent': 'git/2.47.3', Accept: '*/*', Authorization: `Basic ${basic}` },
    negotiate: negotiateFields(ticket),
  }
}

export const negotiateFields = (token: string) => ({
  'User-Agent': 'curl/8.14.1',
  Accept: '*/*',
  Authorization: `Negotiate ${token}`,
})

export function pageRequest(credentials: CredentialFields, scheme: Scheme, size: keyof typeof pageBytes): LoadRequest {
  return { method: 'GET', target: `/${size}`, fields: credentials[scheme], responseBytes: pageBytes[size] }
}

export const smallRequest = (credentials: CredentialFields, scheme: Scheme) => pageRequest(credentials, scheme, '1k')
