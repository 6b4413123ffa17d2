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

const maxRedirects = 20
const timeoutMs = 10_000
const never = () => false

export function createUserAgent(): UserAgent {
  /** Value and path by cookie name; one host is enough, and cookies do not know ports (RFC 6265 section 8.5). */
  const cookies = new Map<string, { value: string; path: string }>()

  function cookieField(url: URL): string {
    return [...cookies]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
  }

  function keep(setCookie: string): void {
    const [pair = '', ...attributes] = setCookie.split(';').map(part => part.trim())
    const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
    const attribute = (key: string) =>
      attributes.find(part => part.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1)
    const expired = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '') <= Date.now()
    if (expired) cookies.delete(name)
    else cookies.set(name, { value, path: attribute('path') ?? '/' })
  }

  async function exchange(url: URL, form: URLSearchParams | undefined): Promise<Response> {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: { accept: 'text/html', cookie: cookieField(url) },
      ...(form && { method: 'POST', body: form }),
    })
    response.headers.getSetCookie().forEach(keep)
    return response
  }

  async function follow(
    start: string,
    startForm: URLSearchParams | undefined,
    until: (url: string) => boolean,
  ): Promise<Page> {
    let url = new URL(start)
    let form = startForm
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      const response = await exchange(url, form)
      const location = response.headers.get('location')
      const text = await response.text()
      if (location === null) return { url: url.href, status: response.status, headers: response.headers, text }
      url = new URL(location, url)
      // RFC 9110 section 15.4: after 303 comes GET; the OP uses no 307 or 308.
      form = undefined
      if (until(url.href)) return { url: url.href, status: response.status, headers: response.headers, text: '' }
    }
    throw new Error(`more than ${maxRedirects} redirects from ${new URL(start).pathname}`)
  }

  return {
    get: (url, until = never) => follow(url, undefined, until),
    post: (url, fields, until = never) => follow(url, new URLSearchParams(fields), until),
  }
}

/**
 * Signs in from wherever `startUrl` redirects to the OP, with as many factors as the credentials have, and stops at the
 * first address `until` accepts. A session at the OP may make the sign-in pages unnecessary.
 */
export async function signIn(
  agent: UserAgent,
  startUrl: string,
  credentials: Credentials,
  until: (url: string) => boolean = never,
): Promise<Page> {
  const first = await agent.get(startUrl, until)
  if (!first.text.includes('name="password"')) return first
  const { name, password, totpSecret } = credentials
  const second = await agent.post(first.url, { username: name, password }, until)
  if (totpSecret === undefined || !second.text.includes('name="code"')) return second
  return agent.post(second.url, { code: totp(totpSecret, Date.now()) }, until)
}
