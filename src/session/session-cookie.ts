import { serializeCookie } from '../http/cookie.ts'

/**
 * The two cookies of Torhaus: the session, and the browser's part of sign-ins in flight. With an https public URL they
 * carry the `__Host-` prefix (RFC 6265bis 4.1.3.2): only this host can set them, for every path, over TLS.
 */
export class SessionCookies {
  readonly sessionName: string
  readonly browserName: string
  readonly #secure: boolean

  constructor(publicUrl: string) {
    this.#secure = publicUrl.startsWith('https:')
    this.sessionName = this.#secure ? '__Host-torhaus' : 'torhaus'
    this.browserName = `${this.sessionName}-sign-in`
  }

  /** Names under which these cookies may arrive; none of them goes on to the upstream. */
  get names(): readonly string[] {
    return [this.sessionName, this.browserName]
  }

  session(id: string): string {
    return serializeCookie(this.sessionName, id, { secure: this.#secure })
  }

  browser(id: string, maxAgeSeconds: number): string {
    return serializeCookie(this.browserName, id, { secure: this.#secure, maxAgeSeconds })
  }

  deleteSession(): string {
    return serializeCookie(this.sessionName, '', { secure: this.#secure, maxAgeSeconds: 0 })
  }
}
