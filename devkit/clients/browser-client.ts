/**
 * A browser as far as HTTP can tell: the fields of a navigation, cookies by name and path, redirects one by one. Unlike
 * fetch it may say `Sec-Fetch-Mode: navigate`, and its cookies can be looked at and planted.
 */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { text } from 'node:stream/consumers'
import type { UserAgent } from '../op/user-agent.ts'

export type Answer = {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export type Sending = {
  readonly method?: string
  /** Beside those of a navigation; undefined leaves one of those out. */
  readonly fields?: Readonly<Record<string, string | undefined>>
  readonly content?: string
}

const MAX_REDIRECTS = 20
const TIMEOUT_MS = 60_000

const PASSAGE = /<noscript><meta http-equiv="refresh" content="0; url=([^"]*)"><\/noscript>/

const NAVIGATION = {
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
}

export class BrowserClient implements UserAgent {
  /**
   * By name: no two hosts here give one name. Each goes back to the host it is from, whatever its port (RFC 6265 8.5);
   * one that was planted goes everywhere.
   */
  readonly cookies = new Map<string, { readonly value: string; readonly path: string; readonly host?: string }>()
  readonly #ca: string | undefined

  /** `ca`: certificates to trust in place of those of Node. */
  constructor(ca?: string) {
    this.#ca = ca
  }

  /**
   * One request, no redirect followed; but pages that are only there for scripts are passed, as browsers without
   * scripts do.
   */
  async send(url: string, sending: Sending = {}): Promise<Answer> {
    const answer = await this.#sendOnce(url, sending)
    const [, next] = PASSAGE.exec(answer.text) ?? []
    return next === undefined ? answer : this.#sendOnce(new URL(next.replaceAll('&amp;', '&'), url).href, sending)
  }

  async #sendOnce(url: string, { method = 'GET', fields = {}, content }: Sending): Promise<Answer> {
    const cookie = this.#cookieField(new URL(url))
    const all = { ...NAVIGATION, ...(cookie === '' ? {} : { Cookie: cookie }), ...fields }
    const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { method, headers, timeout: TIMEOUT_MS, ca: this.#ca }
      const request = (url.startsWith('https:') ? https : http).request(url, options, resolve)
      request.on('error', reject).on('timeout', () => request.destroy(new Error(`no answer from ${url}`)))
      request.end(content)
    })
    message.headers['set-cookie']?.forEach(line => {
      this.#keep(line, new URL(url).hostname)
    })
    const answered = new Headers()
    for (let at = 0; at < message.rawHeaders.length; at += 2)
      answered.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '')
    return { url, status: message.statusCode ?? 0, headers: answered, text: await text(message) }
  }

  get(url: string, until?: (url: string) => boolean): Promise<Answer> {
    return this.#follow(url, {}, until)
  }

  post(url: string, form: Readonly<Record<string, string>>, until?: (url: string) => boolean): Promise<Answer> {
    const content = new URLSearchParams(form).toString()
    const fields = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': String(content.length),
      Origin: new URL(url).origin,
    }
    return this.#follow(url, { method: 'POST', fields, content }, until)
  }

  plant(name: string, value: string): void {
    this.cookies.set(name, { value, path: '/' })
  }

  async #follow(start: string, first: Sending, until: (url: string) => boolean = () => false): Promise<Answer> {
    let [url, sending] = [start, first]
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.send(url, sending)
      const location = answer.headers.get('location')
      if (location === null)
        return answer
        // RFC 9110 15.4.4: after 303 comes GET; nobody here uses 307 or 308.
      ;[url, sending] = [new URL(location, url).href, {}]
      if (until(url)) return { ...answer, url }
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects from ${new URL(start).pathname}`)
  }

  #cookieField({ hostname, pathname }: URL): string {
    return Array.from(this.cookies)
      .filter(([, { path, host = hostname }]) => pathname.startsWith(path) && host === hostname)
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ')
  }

  #keep(line: string, host: string): void {
    const [pair = '', ...attributes] = line.split(';').map(part => part.trim())
    const equals = pair.indexOf('=')
    const attribute = (name: string) =>
      attributes.find(part => part.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
    const isGone = attribute('max-age') === '0' || Date.parse(attribute('expires') ?? '') <= Date.now()
    const name = pair.slice(0, equals)
    if (isGone) this.cookies.delete(name)
    else this.cookies.set(name, { value: pair.slice(equals + 1), path: attribute('path') ?? '/', host })
  }
}
