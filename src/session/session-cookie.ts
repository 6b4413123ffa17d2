import { readCookie, serializeCookie } from '../http/cookie.ts'
import { isOpaqueId } from './opaque-id.ts'

const HOST_PREFIX = '__Host-'
const REMEMBERED_S = 180 * 24 * 3600

/** How a cookie represents the id of a session, if not as the id itself. */
export interface IdSeal {
  seal(id: string): string
  /** Undefined if it was not sealed here. */
  open(text: string): string | undefined
}

/**
 * The cookies of Torhaus: the session, the browser's part of sign-ins in flight, and the chosen OP. With an https
 * public URL they have the prefix `__Host-Http-` (RFC 6265bis 4.1.3): only this host can set them, for every path,
 * over TLS, and no script can. A browser that does not know this prefix treats it as `__Host-`, which lacks only the
 * protection against scripts.
 *
 * If Torhaus' pages have a host of their own, its cookies have other names. Both hosts share a session: `seal` turns
 * its id into another value there, so that the cookie of one host is worthless at the other.
 */
export class SessionCookies {
  readonly sessionName: string
  readonly browserName: string
  /** The OP used for the last sign-in, if there are several. */
  readonly providerName: string
  /** Used by earlier versions. Scripts can set it, so it is ignored and deleted. */
  readonly #olderName: string | undefined
  readonly #secure: boolean
  readonly #seal: IdSeal | undefined

  constructor(publicUrl: string, seal?: IdSeal) {
    const name = seal === undefined ? 'torhaus' : 'torhaus-own'
    this.#seal = seal
    this.#secure = new URL(publicUrl).protocol === 'https:'
    this.sessionName = this.#secure ? `${HOST_PREFIX}Http-${name}` : name
    this.#olderName = this.#secure && seal === undefined ? `${HOST_PREFIX}torhaus` : undefined
    this.browserName = `${this.sessionName}-sign-in`
    this.providerName = `${this.sessionName}-provider`
  }

  /** Names of these cookies in requests; none of them is forwarded to the upstream. */
  get names(): readonly string[] {
    const names = [this.sessionName, this.browserName, this.providerName]
    return this.#olderName === undefined ? names : [...names, this.#olderName, `${this.#olderName}-sign-in`]
  }

  /** The id of the session in a Cookie field. */
  sessionIn(field: string | undefined): string | undefined {
    if (field === undefined) return undefined
    const id = readCookie(field, this.sessionName)
    return id === undefined || this.#seal === undefined ? id : this.#seal.open(id)
  }

  /** The id, in a Cookie field, of the browser that has begun a sign-in. */
  browserIn(field: string | undefined): string | undefined {
    const id = field === undefined ? undefined : readCookie(field, this.browserName)
    return id !== undefined && isOpaqueId(id) ? id : undefined
  }

  /** The OP, of several, at which the browser last signed in, from a Cookie field. */
  providerIn(field: string | undefined): string | undefined {
    return field === undefined ? undefined : readCookie(field, this.providerName)
  }

  session(id: string): string {
    return serializeCookie(this.sessionName, this.#seal?.seal(id) ?? id, { secure: this.#secure })
  }

  browser(id: string, maxAgeSeconds: number): string {
    return serializeCookie(this.browserName, id, { secure: this.#secure, maxAgeSeconds })
  }

  provider(name: string): string {
    return serializeCookie(this.providerName, name, { secure: this.#secure, maxAgeSeconds: REMEMBERED_S })
  }

  /** One Set-Cookie value for each name. */
  deleteSession(): string[] {
    const names = this.#olderName === undefined ? [this.sessionName] : [this.sessionName, this.#olderName]
    return names.map(name => serializeCookie(name, '', { secure: this.#secure, maxAgeSeconds: 0 }))
  }
}
