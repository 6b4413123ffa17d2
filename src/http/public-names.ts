/**
 * Replaces the origin of the origin server in response fields by the public origin; also http with the public host,
 * which a server uses that knows the public host but not about TLS. Only whole URLs are replaced, never parts of
 * others.
 */
type Rewrite = (value: string) => string

/** The port that goes without saying may be said (RFC 9110 4.2.3), as UriBuilder of .NET does. */
function authority({ protocol, hostname, port }: URL): string {
  const usual = protocol === 'https:' ? 443 : 80
  return RegExp.escape(`//${hostname}`) + (port === '' ? `(?::${usual})?` : `:${port}`)
}

export class PublicNames {
  readonly #publicOrigin: string
  readonly #location: RegExp
  readonly #refresh: RegExp
  readonly #link: RegExp
  readonly #parameter: RegExp

  constructor(publicUrl: string, upstreamUrl: string) {
    const { origin, host } = new URL(publicUrl)
    const upstream = new URL(upstreamUrl)
    const inner = `(?:${RegExp.escape(upstream.protocol)})?${authority(upstream)}|http:${authority(new URL(`http://${host}`))}`
    this.#publicOrigin = origin
    this.#location = new RegExp(`^()(?:${inner})(?=[/?#]|$)`, 'i')
    // As browsers read it (HTML 4.2.5.3): a time, perhaps `url=`, perhaps quoted.
    this.#refresh = new RegExp(`^([\\d.]{1,20}[;, \\t]{0,8}(?:url[ \\t]?=[ \\t]?)?['"]?)(?:${inner})(?=[/?#'"]|$)`, 'i')
    // RFC 8288 3: a target in angle brackets, an anchor in quotes.
    this.#link = new RegExp(`(<|anchor=")(?:${inner})(?=[/?#>"])`, 'gi')
    // RFC 9110 11.2: the realm of Bearer is where registries fetch their tokens; others have URLs as well (RFC 9728
    // 5.1).
    this.#parameter = new RegExp(`(=[ \\t]?")(?:${inner})(?=[/?#"])`, 'gi')
  }

  readonly location: Rewrite = value => this.#put(value, this.#location)
  readonly refresh: Rewrite = value => this.#put(value, this.#refresh)
  readonly link: Rewrite = value => this.#put(value, this.#link)
  readonly challenge: Rewrite = value => this.#put(value, this.#parameter)

  #put(value: string, pattern: RegExp): string {
    return value.replace(pattern, (_, before: string) => before + this.#publicOrigin)
  }
}
