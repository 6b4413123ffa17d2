import { readCookie, serializeCookie } from '../http/cookie.ts'

const HOST_PREFIX = '__Host-'
const REMEMBERED_S = 180 * 24 * 3600

/**
 * The cookies of Torhaus: the session, the browser's part of sign-ins in flight, and the OP that was chosen. With an https public URL they
 * carry the prefix `__Host-Http-` (RFC 6265bis 4.1.3): only this host can set them, for every path, over TLS, and no
 * script can. A browser that does not know it sees `__Host-`, which says all but the last.
 */
export class SessionCookies {
  readonly sessionName: string
  readonly browserName: string
  /** Where somebody has signed in last, of several OPs. */
  readonly providerName: string
  /** Sessions from before go on under it. */
  readonly #olderName: string | undefined
  readonly #secure: boolean

  constructor(publicUrl: string) {
    this.#secure = publicUrl.startsWith('https:')
    this.sessionName = this.#secure ? `${HOST_PREFIX}Http-torhaus` : 'torhaus'
    this.#olderName = this.#secure ? `${HOST_PREFIX}torhaus` : undefined
    this.browserName = `${this.sessionName}-sign-in`
    this.providerName = `${this.sessionName}-provider`
  }

  /** Names under which these cookies may arrive; none of them goes on to the upstream. */
  get names(): readonly string[] {
    const names = [this.sessionName, this.browserName, this.providerName]
    return this.#olderName === undefined ? names : [...names, this.#olderName, `${this.#olderName}-sign-in`]
  }

  /** The id of the session in a Cookie field. */
  sessionIn(field: string | undefined): string | undefined {
    if (field === undefined) return undefined
    const id = readCookie(field, this.sessionName)
    return id === undefined && this.#olderName !== undefined ? readCookie(field, this.#olderName) : id
  }

  session(id: string): string {
    return serializeCookie(this.sessionName, id, { secure: this.#secure })
  }

  browser(id: string, maxAgeSeconds: number): string {
    return serializeCookie(this.browserName, id, { secure: this.#secure, maxAgeSeconds })
  }

  provider(name: string): string {
    return serializeCookie(this.providerName, name, { secure: this.#secure, maxAgeSeconds: REMEMBERED_S })
  }

  /** Under each name. */
  deleteSession(): string[] {
    const names = this.#olderName === undefined ? [this.sessionName] : [this.sessionName, this.#olderName]
    return names.map(name => serializeCookie(name, '', { secure: this.#secure, maxAgeSeconds: 0 }))
  }
}
