import { totp } from './totp.ts'

export type Page = {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A user agent without a window: keeps cookies and follows redirects one by one, as a browser does. */
export type UserAgent = {
  /** Follows redirects, up to and including the first address `until` accepts, which is not fetched any more. */
  get(url: string, until?: (url: string) => boolean): Promise<Page>
  post(url: string, fields: Readonly<Record<string, string>>, until?: (url: string) => boolean): Promise<Page>
}

export type Credentials = { readonly name: string; readonly password: string; readonly totpSecret?: string }

export type SignInOptions = {
  /** Stops at the first address this accepts. */
  readonly until?: (url: string) => boolean
  /** The clock of the authenticator app. */
  readonly now?: (() => number) | undefined
}

/**
 * Signs in from wherever `startUrl` redirects to the OP, with as many factors as the credentials have, and stops at the
 * first address `until` accepts. A session at the OP may make the sign-in pages unnecessary.
 */
export async function signIn(
  agent: UserAgent,
  startUrl: string,
  credentials: Credentials,
  until?: (url: string) => boolean,
): Promise<Page> {
  const options = until === undefined ? {} : { until }
  return answerSignIn(agent, await agent.get(startUrl, until), credentials, options)
}

/** The same from where the first page of the OP is shown already. */
export async function answerSignIn(
  agent: UserAgent,
  first: Page,
  { name, password, totpSecret }: Credentials,
  { until, now = Date.now }: SignInOptions = {},
): Promise<Page> {
  if (!first.text.includes('name="password"')) return first
  const second = await agent.post(first.url, { username: name, password }, until)
  if (totpSecret === undefined || !second.text.includes('name="code"')) return second
  return agent.post(second.url, { code: totp(totpSecret, now()) }, until)
}
