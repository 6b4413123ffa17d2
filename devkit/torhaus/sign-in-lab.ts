/** Torhaus between a real OP and an origin that shows what reached it: what most tests of sign-in stand on. */

import { BrowserClient } from '../clients/browser-client.ts'
import { signIn } from '../op/user-agent.ts'
import { type EchoOrigin, startEchoOrigin } from '../origin/echo-origin.ts'
import { type FixtureOptions, startTorhausFixture, type TorhausFixture } from './torhaus-fixture.ts'

export type SignInLab = TorhausFixture & {
  readonly origin: EchoOrigin
  /** The account under which the latest request reached the origin, or undefined. */
  readonly account: () => string | undefined
  /** A browser with a session of that user. */
  readonly signedIn: (user?: 'ada' | 'carol') => Promise<BrowserClient>
}

export type LabOptions = Omit<FixtureOptions, 'upstreamUrl'>
type Configured = Parameters<NonNullable<FixtureOptions['configure']>>[0]

const ACCOUNT_FIELD = 'X-Account'

/** The account arrives in a plain field, where a test sees it at once. */
export function withAccountField(config: Configured): Configured {
  const identity = { kind: 'header', header: { field: ACCOUNT_FIELD } }
  return { ...config, upstream: { ...config.upstream, identity } as unknown as Configured['upstream'] }
}

export async function startSignInLab(options: LabOptions = {}): Promise<SignInLab> {
  const origin = await startEchoOrigin()
  const { configure = config => config } = options
  const fixture = await startTorhausFixture({
    ...options,
    upstreamUrl: origin.url,
    configure: config => configure(withAccountField(config)),
  }).catch(async error => {
    await origin.close()
    throw error
  })
  return {
    ...fixture,
    origin,
    account: () => origin.requests.at(-1)?.all(ACCOUNT_FIELD)[0],
    async signedIn(user = 'ada') {
      const browser = new BrowserClient()
      await signIn(browser, `${fixture.url}/`, fixture.users[user])
      return browser
    },
    async close() {
      await fixture.close()
      await origin.close()
    },
  }
}

export const SESSION_COOKIE = 'torhaus'
export const BROWSER_COOKIE = 'torhaus-sign-in'

/** What Torhaus says went wrong. */
export const codeOf = ({ headers }: { readonly headers: Headers }) => headers.get('x-torhaus-error')
