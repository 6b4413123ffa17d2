/** Why a connection could not be made, in words that say what to do about it. */
import { causeChain } from '../cause-chain.ts'
import type { Finding } from './finding.ts'

export interface Destination {
  /** `the OP`, `the origin server`. */
  readonly name: string
  readonly url: URL
  /** The option that names it. */
  readonly option: string
  /** The option, or the environment, that says whose certificates count. */
  readonly authorities: string
  /** The option that names a proxy, where Torhaus can ask by one. */
  readonly proxy?: string
  /** The section that names what we show where a certificate is asked for. */
  readonly ownCertificate?: string
  /** What does not work without it. */
  readonly why: string
}

type Words = readonly [what: string, remedy: string]

const UNKNOWN_AUTHORITY = [
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]

export function connectionFailure(
  destination: Destination,
  error: Error,
  environment: NodeJS.ProcessEnv = {},
): Finding {
  const { name, url, option, why } = destination
  const [what, remedy] = wordsOf(destination, error, environment)
  return { what: `${name} (${url.origin}) ${what}`, why, remedy, option, severity: 'error' }
}

function wordsOf(destination: Destination, error: Error, environment: NodeJS.ProcessEnv): Words {
  const { url, option, authorities, ownCertificate } = destination
  const code = codeOf(error)
  if (ownCertificate !== undefined && code?.includes('_ALERT_'))
    return code.endsWith('_CERTIFICATE_REQUIRED')
      ? ['requires a client certificate', `set certificateFile and privateKeyFile in ${ownCertificate}`]
      : [
          `aborts the TLS handshake (${code})`,
          `it may require a client certificate, or not trust ours: check its log, and ${ownCertificate}`,
        ]
  if (code !== undefined && UNKNOWN_AUTHORITY.includes(code))
    return [
      `presents a certificate from an authority that is not trusted (${code})`,
      `add the certificate of your company's authority with ${authorities}`,
    ]
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return [
        `has a name that does not resolve (${code})`,
        `check ${option}, and DNS: \`getent hosts ${url.hostname}\``,
      ]
    case 'ECONNREFUSED':
      return ['refuses connections', 'start it, or check the port and firewalls in between']
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return [`cannot be reached (${code})`, wayOut(destination, environment)]
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return [
        `presents a certificate for another name (${error.message})`,
        `use the name in its certificate: ${option}`,
      ]
    case 'CERT_HAS_EXPIRED':
      return ['presents an expired certificate', 'have its certificate renewed, or check the clock of this machine']
    case 'EPROTO':
      return ['does not speak TLS, or has no TLS version in common', `check the scheme and port in ${option}`]
    default:
      return [`cannot be reached: ${causeChain(error)}`, `check ${option}`]
  }
}

/** Node goes by the variables of proxies only where it is told to, and then for the OP alone. */
function wayOut({ url, proxy: option }: Destination, environment: NodeJS.ProcessEnv): string {
  const routes = `check routes and firewalls to ${url.host}`
  if (option === undefined) return routes
  const proxy = environment.HTTPS_PROXY ?? environment.https_proxy
  if (proxy !== undefined && environment.NODE_USE_ENV_PROXY !== '1')
    return `HTTPS_PROXY is set but not used: set the proxy in ${option}, or set NODE_USE_ENV_PROXY=1 for the service`
  return `${routes}; if a proxy is needed, set it in ${option}`
}

/** Of the error, or of what lies behind it. */
function codeOf(error: Error): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at instanceof AggregateError ? at.errors[0] : at.cause) {
    const { code } = at as NodeJS.ErrnoException
    if (code !== undefined) return code
  }
  return undefined
}
