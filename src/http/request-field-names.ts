/**
 * By name, which fields of a request are forwarded to the upstream, and which identify the sender or change the method.
 * docs/header-handling.md documents this for operators.
 *
 * A server behind us may treat `-`, `_` and `.` in names alike (CGI, WSGI and some .NET hosts do), or every character
 * other than letters and digits (CGI of lighttpd, Apache before 2.4). So names are folded before they are compared:
 * `X_Forwarded.User` is dropped like `X-Forwarded-User`.
 */

// Hop-by-hop (RFC 9110 7.6.1), or written anew for the next hop. They are read if KEPT names them, never forwarded.
const DROPPED = [
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
  ],
  ...['proxy-authorization', 'proxy-authenticate', 'proxy-authentication-info'],
  ...['host', 'authorization', 'cookie', 'content-length', 'expect', 'via', 'max-forwards', 'x-request-id'],
  ...['forwarded', 'x-real-ip', 'x-client-ip', 'x-cluster-client-ip', 'true-client-ip', 'cf-connecting-ip'],
  ...['client-ip', 'x-forwarded', 'forwarded-for', 'x-originating-ip', 'x-remote-ip', 'x-remote-addr'],
  ...['proxy-client-ip', 'wl-proxy-client-ip', 'fastly-client-ip', 'x-azure-clientip', 'x-proxyuser-ip'],
  // Some servers take the host of their links from these; CGI makes of the first the proxy that programs go out by
  // (CVE-2016-5385).
  ...['proxy', 'x-host', 'x-host-override', 'x-http-host-override'],
  ...['x-artifactory-override-base-url', 'x-jfrog-override-base-url'],
  // Some servers take path, identity or files to send (Rack, CVE-2025-61780) from these, whoever sends them.
  ...['x-rewrite-url', 'x-iis-windowsauthtoken', 'remote-user', 'x-remote-user'],
  ...['x-sendfile-type', 'x-accel-mapping', 'aspfiltersessionid'],
  ...['x-tfs-impersonate', 'x-tfs-subjectdescriptorimpersonate'],
]
const DROPPED_PREFIXES = [
  'x-forwarded-',
  'x-original-',
  'x-torhaus-',
  'x-iisnode-',
  'x-webauth-',
  'x-auth-request-',
  'x-ms-client-principal',
  // By these, IIS tells ASP.NET Core who the client is, with which certificate, and that it is to stop.
  'ms-aspnetcore-',
  // Certificates that somebody else claims to have seen (RFC 9440, and before it).
  ...['client-cert', 'x-client-cert', 'x-ssl-client-', 'ssl-client-', 'x-arr-clientcert', 'x-amzn-mtls-'],
]

/** Servers take the method from these (Azure DevOps, Rack and others). */
const METHOD_OVERRIDES = ['x-http-method-override', 'x-http-method', 'x-method-override']

/** Tokens beside Authorization (GitLab; NuGet). */
const TOKENS = ['private-token', 'job-token', 'deploy-token', 'x-nuget-apikey']

/**
 * Signed requests (RFC 9421, and the drafts before it), tickets, and what programs of the products show each other: they
 * never go along with a token, nor with an identity of ours. With `X-Runner-`: runners of Gitea Actions.
 */
const COMPANIONS = [
  ...['signature', 'signature-input', 'x-ssh-certificate', 'x-gitlab-static-object-token', 'x-vss-downloadticket'],
  ...['x-gitea-internal-auth', 'gitlab-shared-secret', 'runner-token'],
]
const COMPANION_PREFIXES = ['x-ops-', 'x-runner-', 'x-seraph-trusted-app-']
/** `Gitlab-Shell-Api-Request`, `Gitlab-Agentk-Api-Request` and others of the kind. */
const COMPANION_PATTERN = /^gitlab-.*-api-request$/

// Fields that a Connection field must not take away (Traefik CVE-2024-45410), beside those we write, and those that say
// who asks, or by which method: what was judged is what goes on.
const NOT_HOP_BY_HOP = [
  'host',
  'authorization',
  'cookie',
  'content-length',
  'forwarded',
  'via',
  'origin',
  'content-type',
  'access-control-request-method',
]

export type FieldRole = 'method-override' | 'identity-change' | 'token' | 'companion'

/** By which names are compared, and which the functions below take. */
export const foldedName = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')

export function roleOf(folded: string): FieldRole | undefined {
  if (METHOD_OVERRIDES.includes(folded)) return 'method-override'
  // Acting as another (Gitea, GitLab).
  if (folded === 'sudo') return 'identity-change'
  if (TOKENS.includes(folded)) return 'token'
  return isCompanion(folded) ? 'companion' : undefined
}

const isCompanion = (folded: string): boolean =>
  COMPANIONS.includes(folded) ||
  COMPANION_PREFIXES.some(prefix => folded.startsWith(prefix)) ||
  COMPANION_PATTERN.test(folded)

export const isDropped = (folded: string): boolean =>
  DROPPED.includes(folded) || DROPPED_PREFIXES.some(prefix => folded.startsWith(prefix))

/** True for a field that one of `Connection` may not take away. */
export const isNeverHopByHop = (folded: string): boolean =>
  NOT_HOP_BY_HOP.includes(folded) || roleOf(folded) !== undefined
