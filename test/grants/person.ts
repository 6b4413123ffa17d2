/** A person at a browser: cookies and redirects, and an Origin with every form. */
import type { Page, UserAgent } from '../../devkit/op/user-agent.ts'

export type Sending = {
  readonly method?: string
  readonly origin?: string | undefined
  readonly form?: URLSearchParams
}

const MAX_REDIRECTS = 20
const TIMEOUT_MS = 15_000

export class Person implements UserAgent {
  readonly cookies = new Map<string, { readonly value: string; readonly path: string }>()

  /** One request; no redirect is followed. */
  async send(url: string, { method = 'GET', origin, form }: Sending = {}): Promise<Page> {
    const { pathname } = new URL(url)
    const cookie = [...this.cookies]
      .filter(([, { path }]) => pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
    const headers = { accept: 'text/html', cookie: cookie.join('; '), ...(origin === undefined ? {} : { origin }) }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const body = form === undefined ? {} : { body: form }
    const response = await fetch(url, { method, headers, redirect: 'manual', signal, ...body })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return { url, status: response.status, headers: response.headers, text: await response.text() }
  }

  get(url: string, until?: (url: string) => boolean): Promise<Page> {
    return this.#follow(url, {}, until)
  }

  post(url: string, fields: Readonly<Record<string, string>>, until?: (url: string) => boolean): Promise<Page> {
    const form = new URLSearchParams(fields)
    return this.#follow(url, { method: 'POST', origin: new URL(url).origin, form }, until)
  }

  async #follow(start: string, first: Sending, until: (url: string) => boolean = () => false): Promise<Page> {
    let [url, sending] = [start, first]
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const page = await this.send(url, sending)
      const location = page.headers.get('location')
      if (location === null) return page
      url = new URL(location, url).href
      sending = {}
      if (until(url)) return { ...page, url }
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${new URL(start).pathname}`)
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
    const name = pair.slice(0, pair.indexOf('='))
    const path = attributes.find(part => /^path=/i.test(part))?.slice(5) ?? '/'
    if (attributes.some(part => part.toLowerCase() === 'max-age=0')) this.cookies.delete(name)
    else this.cookies.set(name, { value: pair.slice(name.length + 1), path })
  }
}
