/** Generates docs/errors.md from the error table. Run as a program, it writes the file; a test checks that it is current. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Code, errorTable } from '../../src/errors.ts'

/**
 * For operators: the usual cause of a code, and where to look. For codes that are missing here, the sentence is enough.
 */
const advice: Partial<Record<Code, string>> = {
  'request-malformed': 'The HTTP parser refused the head. Logged as a `reject` record, without a request id.',
  'method-unknown':
    "The method is not among those that Node's HTTP parser knows. Logged as a `reject` record, without a request id.",
  'request-head-timeout':
    'See `listener.headersTimeoutMs`. Usually a scanner, or a client that went to sleep. A connection on which no request has begun is closed without an answer, because many browsers and balancers keep a spare one.',
  'request-head-too-large': 'See `listener.maxHeaderBytes`.',
  'connection-evicted':
    'All connections were in use (`listener.maxConnections`), and this one had been idle longest or was holding back its content. The client does not see the sentence; the event is in a `reject` record and in `torhaus_rejects_total`.',
  'connections-full':
    'All connections were in use (`listener.maxConnections`), each with a request in flight, so the new one was closed. Raise the file descriptor limit, or find out which clients hold the connections.',
  'tls-handshake-failed':
    'The client did not speak TLS, or client and proxy had no version, cipher or certificate in common. The connection was closed without an answer. Usually a scanner. [`torhaus.reason`](operations.md#tls) in the record says which.',
  'tls-handshake-timeout': 'See `listener.handshakeTimeoutMs`. The connection was closed without an answer.',
  'proxy-header-invalid':
    'A peer in `listener.trustedProxies` sent no valid PROXY protocol header, so the connection was closed without an answer. Logged as a `reject` record.',
  'proxy-header-timeout':
    'The header did not arrive within 5 s, or `listener.headersTimeoutMs` if that is less; otherwise like `proxy-header-invalid`.',
  'too-many-fields': 'See `listener.maxHeaderFields`.',
  'connection-field-refused':
    'This does not happen by accident: it is an attempt to have a field removed on the way (RFC 9110 7.6.1).',
  'target-malformed':
    'It contains control characters (also in encoded form), a fragment, or a percent sign without two hexadecimal digits; its path can be read in too many ways; or, on pages of Torhaus, it has more than 1000 parameters.',
  'target-misdirected':
    'The target is in absolute-form, and its authority differs from the Host field (RFC 9112 3.2.2).',
  'self-test': 'Sent by `torhaus doctor`, or by somebody who imitates it: see "The self-test" in docs/doctor.md.',
  'path-ambiguous':
    'The path matches a rule, or `/.torhaus`, only if it is decoded or normalized in one of several ways; or the method may be overridden by another one.',
  'method-override-malformed':
    'See [header handling](header-handling.md). Ordinary clients do not do this; scanners do.',
  'identity-change-refused':
    'The request has a `Sudo` field, or a token of GitLab or Gitea in a field or parameter in addition to `Authorization` or a session. See `secondFactor.rules[].allowIdentityChange`.',
  'grant-out-of-scope':
    'git requested something other than an operation on a repository, or the requested path can be read in several ways. See [what a grant covers](second-factor.md#what-a-grant-covers) and `secondFactor.grants.scopeReportOnly`.',
  'lasting-right-refused':
    'Somebody tried to create a token, a key or the like with a personal access token, a token issued by the server, or a program that needs a confirmation. See [lasting rights](second-factor.md#lasting-rights), `secondFactor.lastingRights` and `secondFactor.rules[].allowLastingRights`.',
  'method-refused': 'TRACE and CONNECT are never forwarded, nor is a request that a field or parameter turns into one.',
  'loop-detected': '`upstream.url` leads back to Torhaus. Check DNS and the balancer.',
  'handshake-invalid': 'WebSocket libraries do not do this; scanners do.',
  'client-certificate-missing':
    'See `listener.tls.clientCertificates`. The client has no certificate from an authority in `caFile`, the user chose none, or a page sent the request across origins.',
  'client-certificate-untrusted': 'The root of the certificate is not in `caFile`.',
  'client-certificate-incomplete':
    'Configure the client to send its chain, or add the intermediate to `caFile`, next to its root.',
  'client-certificate-root-missing': '`caFile` has an intermediate but not its root; `torhaus check` warns of that.',
  'client-certificate-expired': 'If it has not expired, check the clock of this machine.',
  'client-certificate-not-yet-valid': 'If it is valid already, check the clock of this machine.',
  'client-certificate-wrong-use':
    'The certificate has an extended key usage without `clientAuth`, or belongs to an authority.',
  'client-certificate-unchecked':
    '`crlFile` lacks the revocation list of an authority in the chain, or the list is past its next update. Fetch the current one, and reload.',
  'client-certificate-invalid':
    'OpenSSL refused the certificate for another reason; `openssl verify -purpose sslclient -CAfile CA CERTIFICATE` shows it.',
  'client-certificate-unmapped':
    'See `accountFrom` and `accountPattern` in `listener.tls.clientCertificates`. A certificate with two different names of the first kind present counts as having none.',
  'client-certificate-mismatch':
    'The audit log has both accounts, as `account-mismatch`. `account.domains` says which names are the same person.',
  'credentials-missing': 'Normal: most clients send their first request without credentials.',
  'session-ended':
    'The idle or absolute timeout was reached, the person signed out, or the OP no longer vouches for the person.',
  'scheme-unsupported':
    'Neither Basic nor Bearer, or a token without its scheme: [cargo](clients.md#cargo-uv-poetry-pip-twine-pnpm-yarn) sends what it is given as it is.',
  'negotiate-unavailable': 'The client sent a ticket although there is no section `kerberos`.',
  'ntlm-unsupported':
    'The client sent NTLM, usually because it got no Kerberos ticket for the name in the URL. Check that the SPN exists.',
  'password-unavailable':
    'The value is not a token of the OP and has no known token shape, so it is taken for a directory password; see `kerberos.passwords`. It is never logged.',
  'negotiate-refused':
    '`error.message` in the log says why: the token is damaged, or it would need a second message, which Torhaus does not support. The latter happens when the client prefers another mechanism, or sends no ticket because it has none.',
  'negotiate-wrong-service':
    'The SPN, `kerberos.acceptPrincipal` and the keytab do not match, or the keytab is older than the current password.',
  'negotiate-unbound':
    'The channel binding names another certificate, so something between the client and Torhaus decrypts TLS. With `kerberos.channelBindings: require`, a token without a channel binding is refused, too; most clients send none.',
  'negotiate-account-disabled':
    'The KDC says so in the PAC of the ticket. After the account has been enabled again, the client needs a new ticket: `klist purge`.',
  'negotiate-account-locked':
    'The PAC says that the account was locked when the ticket was issued. After it has been unlocked, the client needs a new ticket.',
  'negotiate-clock-skew': 'The clocks differ by more than 5 minutes; one of them is wrong.',
  'password-wrong':
    'The client gets the same answer if the account does not exist, is disabled or locked, or has expired, because only someone who knows the password should learn that. `error.message` in the log has the actual reason.',
  'password-limited': 'See `kerberos.passwords`. The limit ends by itself; `Retry-After` says when.',
  'delegation-account-disabled':
    '`error.message` in the log has the error number from the KDC, and what Windows says about it.',
  'delegation-account-unknown':
    'Check that `account.template` and `account.case` produce names that the directory knows.',
  'delegation-refused':
    'The account is sensitive or in Protected Users; or `kerberos.servicePrincipal` may not delegate to `targetPrincipal` with protocol transition, neither by its own list nor by that of the server (resource-based).',
  'delegation-service-unknown':
    'The SPN in `upstream.identity.kerberos.targetPrincipal` does not exist in the directory, or its account has no AES keys.',
  'kdc-unreachable': 'Also while the circuit is open; see `torhaus_kdc_circuit_open` and the `kdc-circuit` records.',
  'kdc-reply-invalid':
    'The KDC sent no reply to the request, or an error that Torhaus does not know. `error.message` has its number (`KRB-ERROR 60`); the log of the KDC has the reason.',
  'kdc-overloaded': 'Find out why the KDC is slow.',
  'kerberos-misconfigured':
    'The keytab and the directory have different keys for `kerberos.servicePrincipal`; the account has no AES keys in the directory; or the clocks differ by more than five minutes.',
  'identity-mismatch': 'This must never happen. Please report it, with the log.',
  'upstream-identity-refused':
    'The server answered 401 to the account. Check the SPN and the keys of the server, and the permissions of the account.',
  'token-unknown':
    'The scheme is not Bearer, Basic or Negotiate; the `iss` of a JWT is neither the OP nor in `credentials.serverTokenIssuers`; or a Bearer token has no known shape.',
  'credentials-conflict':
    'Two places for tokens (`Authorization`, `PRIVATE-TOKEN`, `?access_token=` and the like) have different values. See [tokens of the server](pats.md#one-request-one-identity).',
  'form-unjudged':
    'Gitea and GitLab read tokens from forms, but Torhaus does not; beside credentials of a person, this concerns the API of Gitea. A rule with `allowIdentityChange` lets them pass; see [tokens of the server](pats.md#forms).',
  'pat-unknown': 'See `credentials.patProof`. The token has been revoked, has expired, or never existed.',
  'pat-unreadable':
    'The server gives the same answer for forged tokens and for tokens of narrow scope. See `credentials.patProof.unreadable`.',
  'pat-unnamed':
    'The token is valid. Add the scope `read_user` in GitLab or `read:user` in Gitea before 1.27, or see `credentials.patProof.unreadable`.',
  'pat-proof-limited':
    'See `credentials.patProof.maxReadsPerNetwork` and `maxReads`. Tokens that have been proven before are not limited.',
  'pat-proof-unavailable':
    'The check of `credentials.patProof` got no answer, or one that the profile does not know. Check `profile` and `path`. Recently proven tokens still pass.',
  'bearer-disabled': 'The section `oidc.bearer` is missing.',
  'bearer-algorithm-refused': 'See `oidc.bearer.algorithms`. `none` and HS256 can never be accepted.',
  'bearer-key-unknown':
    'The OP does not publish that key. Torhaus fetches the keys again at once; during a flood of unknown keys, within five seconds.',
  'bearer-type-refused':
    'The token is an ID token, a logout token or the like, or lacks `typ: at+jwt` with `oidc.bearer.tokenTypes: strict`. An access token whose audience is `oidc.clientId` needs `scope`, `scp`, `client_id`, `appid`, `cid` or `typ: Bearer` to distinguish it from an ID token, and no access token may have a `nonce`.',
  'bearer-sender-constrained':
    'The token has the claim `cnf` (DPoP, mutual TLS). Configure the OP to issue plain Bearer tokens to this client.',
  'bearer-audience-mismatch':
    'See `oidc.bearer.audiences`. Tokens for other services, such as Microsoft Graph, are not accepted.',
  'bearer-claim-invalid': 'One of `iss`, `sub`, `iat`, `exp`, `nbf` is missing or has the wrong type or value.',
  'cross-site-request':
    'A changing request or a WebSocket has credentials that browsers add automatically, and its Origin is neither `publicUrl`, nor the requested host with the scheme of `publicUrl`, nor in `credentials.allowedOrigins`. Check that `publicUrl` is what users type.',
  'host-unknown':
    'The Host field names neither the host of `publicUrl` or `ownPages.publicUrl` nor one of `listener.hostNames`.',
  'service-worker-refused':
    'A page tried to register a service worker with a script at the root of the host, which could intercept `/.torhaus/`. Scripts in a folder are allowed.',
  'own-host-not-found':
    'Somebody requested something of the server from the host of `ownPages.publicUrl`, which never has it. Perhaps a git remote or a bookmark has the wrong host.',
  'own-page-navigation-only':
    '`Sec-Fetch-Mode` or `Sec-Fetch-Dest` says that the request came from a script, a frame or a prefetch. Unless somebody framed a page of Torhaus on purpose, a page of the server may be attacking these pages: find its address in the `Referer` field at the balancer.',
  'form-token-invalid':
    'Each form on the pages of Torhaus can be sent once, within an hour, by the session it was made for. Usually, somebody went back and sent it again. If it happens to many people at once, a page of the server may be trying to send it.',
  'second-factor-missing':
    'The token satisfies none of `secondFactor.acceptAcr`, `acceptAcrs` and `acceptAmr`. Check that the OP sends the claim.',
  'second-factor-stale':
    '`auth_time` is missing, in the future, or older than `secondFactor.maxAgeSeconds`. After a confirmation: the OP did not authenticate the person again despite `prompt=login` and `max_age=0`, or its clock is behind by more than `oidc.clockToleranceSeconds`.',
  'pat-blocked': 'The owner can allow it again at `/.torhaus/`. A block applies regardless of `credentials.patPolicy`.',
  'pat-new-network': 'See `credentials.patPolicy.refuseNewNetwork`. Turn it off if tokens are used while travelling.',
  'pat-unseen-too-long': 'See `credentials.patPolicy.maxUnseenDays`.',
  'pat-too-old': 'See `credentials.patPolicy.maxAgeDays`. The age counts from the first use that Torhaus saw.',
  'pat-unconfirmed':
    'See `credentials.patPolicy.confirm`. The refusal contains a link for the owner, who can also confirm at `/.torhaus/`. For build agents, use `confirmExceptFrom`.',
  'pat-unconfirmable':
    'With `credentials.patProof.unreadable: forward`, the owner of this token is unknown, so nobody can confirm it. Add its network to `credentials.patPolicy.confirmExceptFrom`, or give the token the permission to read its user.',
  'account-unmapped': 'A claim in `account.template` is missing, or the result does not match `account.pattern`.',
  'sign-in-malformed':
    'A forged link: its `acr_values` has more than 2,048 characters or 50 values. Links made by Torhaus contain what a rule has in `acceptAcr`.',
  'sign-in-issuer-unknown':
    'A link or form from a third party (OIDC Core 4) has several `iss` values, or one that does not exactly match an `issuer` in the configuration.',
  'sign-in-unknown':
    'Several instances of Torhaus do not share a store, the browser refuses cookies, or the tab was old.',
  'sign-in-refused': '`error.message` in the log has what the OP said.',
  'sign-in-overtaken': 'A logout at the OP arrived after the ID token was issued and before the session was opened.',
  'logout-request-malformed':
    'Back-channel logout needs a form sent by POST with one `logout_token`, 64 KiB at most; front-channel logout needs one `iss`, that of the configured OP, and one `sid`.',
  'logout-token-invalid': '`error.message` in the log names the check that failed; [what is checked](logout.md).',
  'op-response-invalid': '`error.message` in the log names the check that failed.',
  'op-unreachable':
    'Check DNS, TLS trust and the firewall between Torhaus and `oidc.issuer`; see also `oidc.timeoutMs`.',
  'field-value-invalid':
    'A value for the server, most likely the account, contains a control character. Check the claims of the OP that `account` uses, and who can write to the store. Nothing was forwarded.',
  'store-unavailable':
    'SQLite: the disk is full, file permissions are missing, or the database stayed locked for more than 5 s. Redis: see `torhaus_store_up`, the `store` records and docs/redis.md.',
  'pipeline-too-long':
    'Each connection serves one request at a time. Up to 4,096 requests may wait on all connections together, and one connection may use all that is still free. The connection was closed.',
  'upstream-connect-failed':
    'The connection to `upstream.url` was refused, there is no route, or the name does not resolve.',
  'upstream-tls-failed': 'See `upstream.tls`. The check cannot be turned off.',
  'upstream-connect-timeout': 'See `upstream.connectTimeoutMs`. A firewall that drops packets has this effect.',
  'upstream-headers-timeout': 'See `upstream.headersTimeoutMs`.',
  'upstream-overloaded': 'See `upstream.maxConnections` and `upstream.maxQueued`, and find out why the server is slow.',
  'rate-limited': 'See `shares.requestsPerClient` and `shares.requestsPerAccount`.',
  'upstream-queue-timeout':
    'See `upstream.queueTimeoutMs` and `upstream.maxConnections`, and find out why the server is slow.',
  'client-share-exceeded':
    'One account, token or address has as many requests waiting as there is room left for all others together.',
  'unproven-share-exceeded':
    'Requests without credentials, preflights, and tokens that the server has not accepted yet together may use three quarters of `upstream.maxQueued`, `shares.unprovenBufferTotalBytes` of memory, and hold an eighth of `upstream.maxConnections`. When `listener.maxConnections` is reached, those that hold back their content are closed. Look at the client addresses.',
  'request-content-too-slow': 'See `listener.minRequestRate`, `listener.rateGraceMs` and `shares.unprovenMinRate`.',
  'response-read-too-slowly': 'See `listener.minResponseRate`. The client does not get the status; it is only logged.',
  'tunnel-limit': 'See `listener.maxTunnels` and `torhaus_tunnels`.',
  'tunnel-idle': 'See `upstream.tunnelIdleTimeoutMs`; if one side has closed and the other has not, the limit is 30 s.',
  'tunnel-too-old': 'See `session.absoluteTimeoutSeconds`.',
  'tunnel-unjudged': 'The store or the OP was unreachable for five minutes.',
  'tunnel-drained': 'Normal when the process stops.',
  'client-aborted': 'Normal in small numbers. The client does not get the status; it is only logged.',
  'response-content-timeout': 'See `upstream.bodyTimeoutMs`.',
  'internal-error': 'A bug in Torhaus. `error.message` in the log has the cause; please report it.',
}

const PREFACE = `# Errors

Generated from \`src/errors.ts\` by \`npm run docs\`; do not edit.

Every exchange that fails has a code. The code is stable: base alerts and searches on it, not on the sentence.
It is in the response field \`X-Torhaus-Error\`, in \`torhaus.code\` of the [log record](operations.md#logs) and in the
label \`code\` of \`torhaus_requests_total\`. The request id links the response (\`X-Request-Id\`) to the log (\`http.request.id\`).

The form of the response depends on what the client understands, judged by User-Agent and Accept. This affects only how a refusal
is presented, never whether a request passes.

| Client | Form |
|---|---|
| browser opening a page, sign-in needed | 302 to \`/.torhaus/sign-in\`, and back afterwards |
| accepts \`text/html\`, and is not named below nor of class \`rest\` or \`build-agent\` | a page with the sentence, the code and the request id |
| git, Git Credential Manager | \`text/plain\`: git shows it as \`remote: ...\` |
| Visual Studio, tf, Team Explorer Everywhere | \`text/plain\`, with the sentence in \`X-TFS-ServiceError\` as well |
| git-lfs | \`application/vnd.git-lfs+json\` with \`message\` and \`request_id\` |
| npm, NuGet, cargo, skopeo and other package and image clients | as for everything else, plus what these clients print: the members \`error\` and \`errors\` (below \`/v2/\` for every client), \`npm-notice\` on a 401, and \`X-NuGet-Warning\` unless credentials are merely missing |
| everything else | \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`code\`, \`requestId\`, and \`detail\` and \`confirmUrl\` where there is something to confirm |

A 401 has one \`WWW-Authenticate\` line for each scheme in \`credentials.offer\`; for a refused access token, the Bearer line has
\`error="invalid_token"\` (RFC 6750 3.1). A 429 or 503 has \`Retry-After\`. Responses never contain an internal address or a cause; the log does.

Each code is listed under the stage that usually decides it; \`torhaus.stage\` in the log has the actual stage.
For the pages of Torhaus itself, including sign-in, that is \`routes\`.
`

/** The page lists the stages in the order in which a request reaches them. */
const ORDER = [
  ...['accept', 'trust-connection', 'classify-credentials', 'authenticate', 'require-second-factor', 'map-identity'],
  ...['limit-rate', 'keep-own-host', 'impersonate', 'forward', 'sign-in', 'routes'],
]
const place = (stage: string) => (ORDER.includes(stage) ? ORDER.indexOf(stage) : ORDER.length)

export function errorsPage(): string {
  const codes = Object.keys(errorTable) as Code[]
  const stages = [...new Set(codes.map(code => errorTable[code].stage))].sort((a, b) => place(a) - place(b))
  return [
    PREFACE,
    ...stages.map(stage => {
      const rows = codes.filter(code => errorTable[code].stage === stage).map(row)
      return `\n## ${stage}\n\n| Code | Status | The client reads | For operators |\n|---|---|---|---|\n${rows.join('\n')}\n`
    }),
  ].join('')
}

function row(code: Code): string {
  const { status, sentence } = errorTable[code]
  return `| \`${code}\` | ${status} | ${sentence} | ${advice[code] ?? ''} |`
}

if (import.meta.main) writeFileSync(join(import.meta.dirname, '../../docs/errors.md'), errorsPage())
