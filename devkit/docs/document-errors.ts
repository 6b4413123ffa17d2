/** docs/errors.md, made from the error table. Run as a program it writes the file; a test holds it current. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Code, errorTable } from '../../src/errors.ts'

/**
 * For operators: what usually lies behind a code, and where to look. The sentence alone is enough for the other codes.
 */
const advice: Partial<Record<Code, string>> = {
  'request-malformed': 'The parser refused the head. Logged as a `reject` record, without a request id.',
  'method-unknown':
    'The parser of Node has a list of methods, and this one is not in it. Logged as a `reject` record, without a request id.',
  'request-head-timeout':
    'See `listener.headersTimeoutMs`. Usually a scanner, or a client that went to sleep. A connection on which no request has begun is closed without an answer: many browsers and balancers keep a spare one.',
  'request-head-too-large': 'See `listener.maxHeaderBytes`.',
  'connection-evicted':
    'See `listener.maxConnections`: all were taken, and this one had been idle longest, or kept content back. Nobody reads the sentence; a `reject` record and `torhaus_rejects_total` say it.',
  'connections-full':
    'As before, and every connection had a request in flight: the new one was closed. Raise the limit of descriptors, or see who holds them.',
  'tls-handshake-failed':
    'Not TLS, or no version, cipher or certificate in common. Closed without an answer; a scanner, mostly. `torhaus.reason` of the record [says which](operations.md#tls).',
  'tls-handshake-timeout': 'See `listener.handshakeTimeoutMs`. Closed without an answer.',
  'proxy-header-invalid':
    'A peer of `listener.trustedProxies` sends no PROXY protocol header, or a wrong one: the connection is closed without an answer. Logged as a `reject` record.',
  'proxy-header-timeout': 'As before; after 5 s, or `listener.headersTimeoutMs` if that is less.',
  'too-many-fields': 'See `listener.maxHeaderFields`.',
  'connection-field-refused': 'Nobody does this by accident: it tries to strip a field on the way (RFC 9110 7.6.1).',
  'target-malformed':
    'Control characters (encoded ones as well), a fragment, a percent sign without two hexadecimal digits, a path that can be read in very many ways, or, at pages of ours, more than 1000 parameters.',
  'target-misdirected': 'Absolute-form with an authority that is not the Host (RFC 9112 3.2.2).',
  'self-test': '`torhaus doctor`, or somebody who tries the same: docs/doctor.md, "The self-test".',
  'path-ambiguous':
    'A path that would fit a rule, or `/.torhaus`, only if it were decoded or cleaned up in one of several ways; or a method that may be another one.',
  'method-override-malformed': 'See [header handling](header-handling.md). No client does this; a scanner does.',
  'identity-change-refused':
    '`Sudo`, or a token of GitLab beside `Authorization`. See `secondFactor.rules[].allowIdentityChange`.',
  'grant-out-of-scope':
    'git asked for something that is no operation on a repository, or a path that can be read in several ways was asked for. See [what a grant covers](second-factor.md#what-a-grant-covers); `secondFactor.grants.scopeReportOnly`.',
  'lasting-right-refused':
    'A personal access token, a token of the server, or a program that needs a confirmation, was used to make a token, a key or the like. See [lasting rights](second-factor.md#what-lasts); `secondFactor.lastingRights`, `secondFactor.rules[].allowLastingRights`.',
  'method-refused': 'TRACE and CONNECT end here.',
  'loop-detected': '`upstream.url` leads back to Torhaus. Look at DNS and at the balancer.',
  'handshake-invalid': 'No WebSocket library does this; a scanner does.',
  'client-certificate-missing':
    'See `listener.tls.clientCertificates`. The client has none that an authority of `caFile` has signed, its person chose none, or a page asked across origins.',
  'client-certificate-untrusted': 'Its root is not in `caFile`.',
  'client-certificate-incomplete':
    'Let the client send its chain, or put the intermediate into `caFile`, beside its root.',
  'client-certificate-root-missing': '`caFile` has an intermediate and not its root: `torhaus check` warns.',
  'client-certificate-expired': 'If it has not, look at the clock of this machine.',
  'client-certificate-not-yet-valid': 'If it is, look at the clock of this machine.',
  'client-certificate-wrong-use': 'It has an extended key usage without `clientAuth`, or is that of an authority.',
  'client-certificate-unchecked':
    '`crlFile` lacks the list of an authority of the chain, or it is past its next update: fetch the new one, and reload.',
  'client-certificate-invalid':
    'Anything else that OpenSSL has against it: `openssl verify -purpose sslclient -CAfile CA CERTIFICATE` says what.',
  'client-certificate-unmapped':
    'See `accountFrom` and `accountPattern` of `listener.tls.clientCertificates`. Two different names of the first kind that is there are none.',
  'client-certificate-mismatch':
    'Also in the audit log, as `account-mismatch`, with both accounts. Names of a domain are one person as `account.domains` says.',
  'credentials-missing': 'Ordinary: most clients send their first request without credentials.',
  'session-ended': 'Idle or absolute timeout, signed out, or the OP no longer vouches for the person.',
  'negotiate-unavailable': 'The section `kerberos` is missing, and the client sent a ticket nevertheless.',
  'ntlm-unsupported':
    'The client sent NTLM, mostly because it got no ticket for the name in the URL: is the SPN there?',
  'password-unavailable':
    'Neither a token of the OP nor of a known shape, so a directory password; see `kerberos.passwords`. Never logged.',
  'negotiate-refused':
    'The log says what it is (`error.message`): damaged; or one that needs a second message, which there is not: another mechanism comes first in the offer of the client, or it shows no ticket with it, for it has none.',
  'negotiate-wrong-service':
    'SPN, `kerberos.acceptPrincipal` and keytab do not belong together, or the keytab is older than the password.',
  'negotiate-unbound':
    'The channel binding names another certificate: something between opens TLS. With `kerberos.channelBindings: require` also none at all, which most clients send.',
  'negotiate-account-disabled':
    'So the KDC says in the PAC of the ticket. After the account was enabled, a new ticket is needed: `klist purge`.',
  'negotiate-account-locked': 'The same of one that was locked when the ticket was made.',
  'negotiate-clock-skew': 'More than 5 minutes. One of the two clocks is wrong.',
  'password-wrong':
    'Also for accounts that do not exist, are disabled, locked or have expired: that is not told to who does not know the password. `error.message` in the log tells it.',
  'password-limited': 'See `kerberos.passwords`. It ends by itself; `Retry-After` says when.',
  'delegation-account-disabled': '`error.message` in the log has the number of the KDC, and what Windows adds.',
  'delegation-account-unknown': 'Do `account.template` and `account.case` make the names the directory knows?',
  'delegation-refused':
    'The account is sensitive or in Protected Users; or `kerberos.servicePrincipal` may not delegate to `targetPrincipal` with protocol transition, by its own list or by that of the server (resource-based).',
  'delegation-service-unknown':
    'The SPN of `upstream.identity.kerberos.targetPrincipal` is missing in the directory, or its account has no AES keys.',
  'kdc-unreachable': 'Also while the circuit is open; see `torhaus_kdc_circuit_open` and the `kdc-circuit` records.',
  'kdc-reply-invalid':
    'Not a reply to the question, or an error that Torhaus does not know: its number stands in `error.message` (`KRB-ERROR 60`), and in the log of the KDC why.',
  'kdc-overloaded': 'Why is the KDC slow?',
  'kerberos-misconfigured':
    'The keys of `kerberos.servicePrincipal` in the keytab are not the ones the directory has; the account has no AES keys there; or the clocks differ by more than five minutes.',
  'identity-mismatch': 'Must never happen. Report it, with the log.',
  'upstream-identity-refused': 'The server answered 401 to the account: its SPN, its keys, or its rights.',
  'token-unknown':
    'A scheme other than Bearer, Basic and Negotiate; a JWT whose `iss` is neither the OP nor in `credentials.serverTokenIssuers`; or a Bearer value of no known shape.',
  'credentials-conflict':
    'Two carriers of tokens (`Authorization`, `PRIVATE-TOKEN`, `?access_token=` and the like) with two values. See [tokens of the server](pats.md#one-request-one-identity).',
  'form-unjudged':
    'Gitea and GitLab read tokens from forms, which Torhaus does not. A rule with `allowIdentityChange` lets them pass; see [tokens of the server](pats.md#forms).',
  'pat-unknown': 'See `credentials.patProof`. Revoked or expired at the server, or made up.',
  'pat-unreadable':
    'The server answers alike to what is forged and to what has a narrow scope. See `credentials.patProof.unreadable`.',
  'pat-unnamed':
    'The token is live. GitLab: add `read_user`; Gitea: `read:user`. Or see `credentials.patProof.unreadable`.',
  'pat-proof-limited':
    'See `credentials.patProof.maxReadsPerNetwork` and `maxReads`. Tokens that were good before are not limited.',
  'pat-proof-unavailable':
    'The read of `credentials.patProof` got no answer, or one that the profile does not know: is `profile` right, and `path`? Tokens proven lately go on.',
  'bearer-disabled': 'The section `oidc.bearer` is missing.',
  'bearer-algorithm-refused': 'See `oidc.bearer.algorithms`. `none` and HS256 can never be accepted.',
  'bearer-key-unknown':
    'The OP does not publish that key. A new one is asked for at once; under a flood of unknown keys within five seconds.',
  'bearer-type-refused':
    'An ID token, a logout token or the like, or with `oidc.bearer.tokenTypes: strict` a token without `typ: at+jwt`. An access token whose audience is `oidc.clientId` needs `scope`, `scp`, `client_id`, `appid`, `cid` or `typ: Bearer` to be told from an ID token; no access token may have a `nonce`.',
  'bearer-sender-constrained':
    'The token has `cnf` (DPoP, mutual TLS). Have the OP give this client plain Bearer tokens.',
  'bearer-audience-mismatch': 'See `oidc.bearer.audiences`. Tokens for Microsoft Graph and the like are not for us.',
  'bearer-claim-invalid': 'One of `iss`, `sub`, `iat`, `exp`, `nbf` is missing or has the wrong type or value.',
  'cross-site-request':
    'The Origin of a changing request, or of a WebSocket, is neither `publicUrl`, nor the host it was sent to by the scheme of `publicUrl`, nor in `credentials.allowedOrigins`, and its credentials are such as browsers add by themselves. Is `publicUrl` what users type?',
  'host-unknown':
    'The Host field names none of the hosts of `publicUrl` and `ownPages.publicUrl`, nor one of `listener.hostNames`.',
  'service-worker-refused':
    'A page asked for a service worker whose script lies at the root of the host: it would stand between browsers and `/.torhaus/`. Scripts in a folder pass.',
  'own-host-not-found':
    'Somebody asked the host of `ownPages.publicUrl` for something of the server, which is never there: a remote or a bookmark with the wrong host, perhaps.',
  'own-page-navigation-only':
    '`Sec-Fetch-Mode` or `Sec-Fetch-Dest` says that a script, a frame or a prefetch asked. If nobody framed a page of Torhaus on purpose, somebody may be trying the pages from a page of the server: look at its address in `Referer` at the balancer.',
  'form-token-invalid':
    'Each form of our own pages can be sent once, within the hour, by the session it was made for. Often: Back and sent again. From many people at once: a page of the server tries to send it.',
  'second-factor-missing':
    'None of `secondFactor.acceptAcr`, `acceptAcrs`, `acceptAmr` is in the token. Does the OP send the claim?',
  'second-factor-stale':
    '`auth_time` is missing, in the future, or older than `secondFactor.maxAgeSeconds`. After a confirmation: the OP did not ask anew, although it was sent `prompt=login` and `max_age=0`; or its clock is behind by more than `oidc.clockToleranceSeconds`.',
  'pat-blocked': 'Its owner can allow it again at `/.torhaus/`. Blocks hold whatever `credentials.patPolicy` says.',
  'pat-new-network': 'See `credentials.patPolicy.refuseNewNetwork`. A token that moves needs that off.',
  'pat-unseen-too-long': 'See `credentials.patPolicy.maxUnseenDays`.',
  'pat-too-old': 'See `credentials.patPolicy.maxAgeDays`; counted from the first use that Torhaus saw.',
  'pat-unconfirmed':
    'See `credentials.patPolicy.confirm`. The refusal has a link for the owner, who can also confirm at `/.torhaus/`. Build agents: `confirmExceptFrom`.',
  'pat-unconfirmable':
    '`credentials.patProof.unreadable: forward` lets it pass unproven, and then nobody can confirm it: name its network in `credentials.patPolicy.confirmExceptFrom`, or give it the right to read its user.',
  'account-unmapped': 'A claim of `account.template` is missing, or the result does not match `account.pattern`.',
  'sign-in-malformed':
    'A made-up link: `acr_values` has more than 2,048 characters or 50 values. Links of Torhaus have what `acceptAcr` of a rule says.',
  'sign-in-issuer-unknown':
    'A link or form of somebody else (OIDC Core 4) whose `iss` is, to the letter, no `issuer` of the configuration, or that has several.',
  'sign-in-unknown': 'Several Torhaus without a common store, cookies refused by the browser, or an old tab.',
  'sign-in-refused': '`error.message` in the log has what the OP said.',
  'sign-in-overtaken': 'A logout at the OP came between the ID token and the session that was to be opened with it.',
  'logout-request-malformed':
    'Back-channel: a POST of a form with one `logout_token`, 64 KiB at most. Front-channel: one `iss`, ours, and one `sid`.',
  'logout-token-invalid': '`error.message` in the log names the check that failed; [what is checked](logout.md).',
  'op-response-invalid': '`error.message` in the log names the check that failed.',
  'op-unreachable': 'DNS, TLS trust or the firewall between Torhaus and `oidc.issuer`; see also `oidc.timeoutMs`.',
  'field-value-invalid':
    'A value for the server has a control character, most likely the account: look at the claims of the OP that `account` uses, and at who can write to the store. Nothing was forwarded.',
  'store-unavailable':
    'SQLite: disk full, file permissions, or a database that stays locked for more than 5 s. Redis: see `torhaus_store_up`, the `store` records, and docs/redis.md.',
  'pipeline-too-long':
    'One request of a connection is served at a time; all connections together hold 4,096, and one may hold what is still free. The connection was closed.',
  'upstream-connect-failed': '`upstream.url`: refused, no route, or a name that does not resolve.',
  'upstream-tls-failed': 'See `upstream.tls`. There is no option to skip the check.',
  'upstream-connect-timeout': 'See `upstream.connectTimeoutMs`. A firewall that drops packets looks like this.',
  'upstream-headers-timeout': 'See `upstream.headersTimeoutMs`.',
  'upstream-overloaded': 'See `upstream.maxConnections` and `upstream.maxQueued`, and why the server is slow.',
  'rate-limited': 'See `shares.requestsPerClient` and `shares.requestsPerAccount`.',
  'upstream-queue-timeout': 'See `upstream.queueTimeoutMs` and `upstream.maxConnections`, and why the server is slow.',
  'client-share-exceeded':
    'One account, token or address has as many requests waiting as could still come from all others together.',
  'unproven-share-exceeded':
    'Requests without credentials, preflights, and tokens the server has not accepted yet may have three quarters of `upstream.maxQueued`, `shares.unprovenBufferTotalBytes` of memory, and hold up an eighth of `upstream.maxConnections`; where `listener.maxConnections` is reached, those go that keep content back. Look at the client addresses.',
  'request-content-too-slow': 'See `listener.minRequestRate`, `listener.rateGraceMs` and `shares.unprovenMinRate`.',
  'response-read-too-slowly': 'See `listener.minResponseRate`. Nobody sees the status; it stands in the log only.',
  'tunnel-limit': 'See `listener.maxTunnels`, and `torhaus_tunnels`.',
  'tunnel-idle': 'See `upstream.tunnelIdleTimeoutMs`; 30 s where one side has ended and the other does not.',
  'tunnel-too-old': 'See `session.absoluteTimeoutSeconds`.',
  'tunnel-unjudged': 'Store or OP were away for five minutes.',
  'tunnel-drained': 'Ordinary when the process stops.',
  'client-aborted': 'Ordinary in small numbers. Nobody sees the status; it stands in the log only.',
  'response-content-timeout': 'See `upstream.bodyTimeoutMs`.',
  'internal-error': 'A mistake in Torhaus. `error.message` in the log has the cause; please report it.',
}

const PREFACE = `# Errors

Made from \`src/errors.ts\` by \`npm run docs\`; do not edit.

Every exchange that does not go through has a code. The code is stable: alert on it and search for it, not for sentences.
It stands in the field \`X-Torhaus-Error\` of the response, in \`torhaus.code\` of the [log record](operations.md#logs) and in the
label \`code\` of \`torhaus_requests_total\`. The request id joins the three: field \`X-Request-Id\`, log \`http.request.id\`.

The answer has the form that its client understands, chosen by User-Agent and Accept. The choice admits nobody; it only words
a refusal.

| Client | Form |
|---|---|
| browser going to a page, sign-in needed | 302 to \`/.torhaus/sign-in\`, and back afterwards |
| accepts \`text/html\` | a page with the sentence, the code and the request id |
| git, Git Credential Manager | \`text/plain\`: git shows it as \`remote: ...\` |
| Visual Studio, tf, Team Explorer Everywhere | \`text/plain\`, and the sentence in \`X-TFS-ServiceError\` |
| git-lfs | \`application/vnd.git-lfs+json\` with \`message\` and \`request_id\` |
| npm, NuGet, skopeo and other clients of packages and images | as everything else, and what they print: the member \`error\`, for container registries \`errors\`, at a 401 \`npm-notice\`, \`X-NuGet-Warning\` unless credentials are just missing |
| everything else | \`application/problem+json\` (RFC 9457) with \`type\`, \`title\`, \`status\`, \`code\`, \`requestId\` |

A 401 carries one \`WWW-Authenticate\` line per scheme of \`credentials.offer\`; for a refused access token the Bearer line says
\`error="invalid_token"\` (RFC 6750 3.1). A 429 and a 503 carry \`Retry-After\`. No answer names an internal address or a cause; the log does.

The codes stand under the stage that decides them, as a rule; \`torhaus.stage\` in the log says where it was in each case.
For the pages of Torhaus itself, sign-in among them, that is \`routes\`.
`

/** On the page, stages stand in the order in which a request meets them. */
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
