/**
 * Every way in which an exchange can fail: its stable code, the status, the stage that decides it, and the sentence that
 * the client reads. docs/errors.md is generated from this table; a test checks that it is current. Code branches on
 * `code`, never on text.
 */
interface Row {
  status: number
  stage: string
  /** What the client reads: helpful, without internals. */
  sentence: string
}

const table = {
  // Accepting the request
  'request-malformed': { status: 400, stage: 'accept', sentence: 'The request is not valid HTTP/1.1.' },
  'method-unknown': { status: 501, stage: 'accept', sentence: 'This method is not supported.' },
  'request-head-timeout': { status: 408, stage: 'accept', sentence: 'The request took too long to arrive.' },
  'request-head-too-large': { status: 431, stage: 'accept', sentence: 'The fields of the request are too large.' },
  'connection-evicted': {
    status: 503,
    stage: 'accept',
    sentence: 'The idle connection was closed to make room for others.',
  },
  'connections-full': { status: 503, stage: 'accept', sentence: 'There are too many connections.' },
  'tls-handshake-failed': { status: 400, stage: 'accept', sentence: 'The TLS handshake failed.' },
  'tls-handshake-timeout': { status: 408, stage: 'accept', sentence: 'The TLS handshake took too long.' },
  'proxy-header-invalid': {
    status: 400,
    stage: 'accept',
    sentence: 'The connection does not begin with a valid PROXY protocol header.',
  },
  'proxy-header-timeout': {
    status: 408,
    stage: 'accept',
    sentence: 'The PROXY protocol header took too long to arrive.',
  },
  'pipeline-too-long': {
    status: 429,
    stage: 'accept',
    sentence: 'Too many requests were sent on one connection before the first of them was answered.',
  },
  'expectation-unsupported': { status: 417, stage: 'accept', sentence: 'Only "Expect: 100-continue" is supported.' },
  'too-many-fields': { status: 431, stage: 'trust-connection', sentence: 'The request has too many fields.' },
  'host-invalid': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'The request needs exactly one valid Host field.',
  },
  'field-duplicated': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'A field that may occur only once occurs twice.',
  },
  'connection-field-refused': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'The Connection field names a field that is not hop-by-hop.',
  },
  'transfer-coding-unsupported': {
    status: 501,
    stage: 'trust-connection',
    sentence: 'The only supported transfer coding is chunked.',
  },
  'target-malformed': { status: 400, stage: 'trust-connection', sentence: 'The request target is not valid.' },
  'host-unknown': {
    status: 421,
    stage: 'trust-connection',
    sentence: 'This server does not answer to that host name.',
  },
  'target-misdirected': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'The request target and the Host field name different servers.',
  },
  'path-ambiguous': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'The path can be read in two ways that need different permissions. Write it in its plain form.',
  },
  'method-override-malformed': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'A field or parameter overrides the method with one that is not valid.',
  },
  'method-refused': { status: 405, stage: 'trust-connection', sentence: 'This method is not available.' },
  'loop-detected': {
    status: 508,
    stage: 'trust-connection',
    sentence: 'The request came back to a proxy it had already passed.',
  },
  'service-worker-refused': {
    status: 403,
    stage: 'trust-connection',
    sentence: 'A service worker for the whole of this host is not allowed.',
  },
  'handshake-invalid': {
    status: 400,
    stage: 'trust-connection',
    sentence: 'The WebSocket handshake has no valid Sec-WebSocket-Key.',
  },

  // Client certificates
  'client-certificate-missing': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your program sent no certificate, and this server requires one.',
  },
  'client-certificate-untrusted': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate was issued by an authority that is not trusted here.',
  },
  'client-certificate-incomplete': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence:
      'No chain leads from your certificate to an authority that is trusted here: the intermediate certificate was not sent, or it belongs to another authority.',
  },
  'client-certificate-root-missing': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence:
      'The authority of your certificate is known here, but the root above it is not. Tell the people who run this server.',
  },
  'client-certificate-expired': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate, or that of its authority, has expired.',
  },
  'client-certificate-not-yet-valid': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate, or that of its authority, is not valid yet.',
  },
  'client-certificate-revoked': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate, or that of its authority, has been revoked.',
  },
  'client-certificate-wrong-use': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate is not meant for clients (extended key usage).',
  },
  'client-certificate-unchecked': {
    ...{ status: 503, stage: 'check-certificate' },
    sentence:
      'It is not possible to tell whether your certificate has been revoked: the revocation list of its authority is missing or out of date.',
  },
  'client-certificate-invalid': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate is not valid.',
  },
  'client-certificate-unmapped': {
    ...{ status: 403, stage: 'check-certificate' },
    sentence: 'Your certificate names no account, or more than one.',
  },
  'client-certificate-mismatch': {
    ...{ status: 403, stage: 'authenticate' },
    sentence: 'Your certificate belongs to a different account from the one you signed in with.',
  },

  // Credentials
  'credentials-missing': { status: 401, stage: 'require-second-factor', sentence: 'Sign in, or send a token.' },
  'session-ended': { status: 401, stage: 'require-second-factor', sentence: 'Your session has ended. Sign in again.' },
  'authorization-malformed': {
    status: 400,
    stage: 'classify-credentials',
    sentence: 'The Authorization field cannot be read.',
  },
  'credentials-conflict': {
    status: 403,
    stage: 'classify-credentials',
    sentence: 'The request carries two different tokens. Send one.',
  },
  'scheme-unsupported': {
    status: 401,
    stage: 'authenticate',
    sentence: 'This authentication scheme is not accepted here. Send Bearer and a token, or Basic.',
  },
  'ntlm-unsupported': {
    status: 401,
    stage: 'authenticate',
    sentence: 'NTLM is not accepted. Use a personal access token, or sign in with the browser.',
  },
  'negotiate-unavailable': {
    status: 401,
    stage: 'authenticate',
    sentence: 'Kerberos sign-in is not set up here. Use a personal access token, or sign in with the browser.',
  },
  'password-unavailable': {
    status: 401,
    stage: 'authenticate',
    sentence: 'A directory password is not accepted here. Use a personal access token as the password.',
  },
  'negotiate-refused': { status: 401, stage: 'authenticate', sentence: 'The Kerberos token cannot be read.' },
  'negotiate-replayed': { status: 401, stage: 'authenticate', sentence: 'The Kerberos token was used before.' },
  'negotiate-expired': { status: 401, stage: 'authenticate', sentence: 'The Kerberos ticket has expired.' },
  'negotiate-clock-skew': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The clock of your computer differs too much from that of the proxy.',
  },
  'negotiate-wrong-service': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The Kerberos ticket is for another service. The name in the URL must be the one in the directory.',
  },
  'negotiate-unbound': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The Kerberos token was not made for this connection. Does a proxy in between decrypt TLS?',
  },
  'negotiate-foreign-realm': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The account belongs to a realm that is not accepted here.',
  },
  'negotiate-account-disabled': {
    status: 401,
    stage: 'authenticate',
    sentence: 'Your account is disabled in the directory.',
  },
  'negotiate-account-locked': {
    status: 401,
    stage: 'authenticate',
    sentence:
      'Your account was locked in the directory after too many wrong passwords. Once it is unlocked, sign in to your computer again.',
  },
  'password-wrong': { status: 401, stage: 'authenticate', sentence: 'User name or password is wrong.' },
  'password-expired': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The password has expired. Change it on a Windows computer first.',
  },
  'password-must-change': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The password must be changed before its first use. Change it on a Windows computer first.',
  },
  'password-limited': {
    status: 429,
    stage: 'authenticate',
    sentence: 'Too many wrong passwords. Wait, then try again.',
  },
  'token-unknown': {
    status: 401,
    stage: 'authenticate',
    sentence: 'Tokens of this kind are not accepted here.',
  },
  'pat-unknown': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The server does not know this access token. Create a new one.',
  },
  'pat-unreadable': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The server did not say whose access token this is: it is wrong or expired, or its scope is too narrow.',
  },
  'pat-unnamed': {
    status: 403,
    stage: 'authenticate',
    sentence:
      'The scope of this access token does not let the server say whose it is. Add the permission to read the user.',
  },
  'pat-proof-limited': {
    status: 429,
    stage: 'authenticate',
    sentence: 'Too many unknown access tokens came from your network. Wait, then try again.',
  },
  'pat-proof-unavailable': {
    status: 503,
    stage: 'authenticate',
    sentence: 'The server could not be asked about this access token. Try again in a moment.',
  },
  'bearer-disabled': {
    status: 401,
    stage: 'authenticate',
    sentence: 'Access tokens of the identity provider are not accepted here.',
  },
  'bearer-malformed': { status: 401, stage: 'authenticate', sentence: 'The access token cannot be read.' },
  'bearer-expired': { status: 401, stage: 'authenticate', sentence: 'The access token has expired.' },
  'bearer-not-yet-valid': { status: 401, stage: 'authenticate', sentence: 'The access token is not valid yet.' },
  'bearer-signature-invalid': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The signature of the access token is wrong.',
  },
  'bearer-algorithm-refused': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The access token is signed with an algorithm that is not accepted.',
  },
  'bearer-key-unknown': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The access token is signed with a key that the identity provider does not publish.',
  },
  'bearer-type-refused': {
    status: 401,
    stage: 'authenticate',
    sentence: 'This token of the identity provider is not an access token.',
  },
  'bearer-sender-constrained': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The access token is bound to a key of its owner, and cannot be used as a plain Bearer token.',
  },
  'bearer-audience-mismatch': {
    status: 401,
    stage: 'authenticate',
    sentence: 'The access token was issued for another service.',
  },
  'bearer-groups-unknown': {
    status: 401,
    stage: 'authenticate',
    sentence:
      'The access token does not say which groups the person is in: the claim is missing, or there are too many groups.',
  },
  'bearer-claim-invalid': {
    status: 401,
    stage: 'authenticate',
    sentence: 'A claim of the access token is missing or wrong.',
  },
  'cross-site-request': {
    status: 403,
    stage: 'authenticate',
    sentence: 'A page on another website sent this request.',
  },

  // Second factor and identity
  'group-required': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'Your account is in none of the groups that may use this server.',
  },
  'second-factor-missing': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'A sign-in with a second factor is needed.',
  },
  'second-factor-stale': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'The sign-in with the second factor was too long ago. Sign in again.',
  },
  'identity-change-refused': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'A field or parameter that makes the server act as somebody else is not accepted here.',
  },
  'grant-out-of-scope': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'This needs a second factor, and a confirmation cannot replace it. Use a browser.',
  },
  'lasting-right-refused': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'This creates a lasting credential or permission. Do it in a browser, signed in with your second factor.',
  },
  'form-unjudged': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'A form can contain a token of another person, so no form is accepted here. Send JSON.',
  },
  'rule-refuses': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'A rule of this proxy does not allow this request.',
  },
  'pat-blocked': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'This personal access token was blocked by its owner.',
  },
  'pat-new-network': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'This personal access token has never been used from this network.',
  },
  'pat-unseen-too-long': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'This personal access token has not been used for too long. Create a new one.',
  },
  'pat-too-old': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'This personal access token is too old. Create a new one.',
  },
  'pat-unconfirmed': {
    status: 403,
    stage: 'require-second-factor',
    sentence: 'The owner of this personal access token has not confirmed its use from this network.',
  },
  'pat-unconfirmable': {
    status: 403,
    stage: 'require-second-factor',
    sentence:
      'The server does not say whose personal access token this is, so nobody can confirm its use from this network.',
  },
  'rate-limited': { status: 429, stage: 'limit-rate', sentence: 'Too many requests. Wait, then try again.' },
  'account-mismatch': {
    status: 403,
    stage: 'authenticate',
    sentence: 'Your browser session and your Windows account belong to two different people. Sign out first.',
  },
  'account-unmapped': { status: 403, stage: 'map-identity', sentence: 'Your identity has no account on this server.' },

  'delegation-account-unknown': {
    status: 403,
    stage: 'impersonate',
    sentence: 'Your account does not exist in the directory.',
  },
  'delegation-account-disabled': {
    status: 403,
    stage: 'impersonate',
    sentence: 'Your account is disabled in the directory, or may not sign in now.',
  },
  'delegation-account-locked': {
    status: 403,
    stage: 'impersonate',
    sentence: 'Your account is locked in the directory after too many wrong passwords. Wait, or ask an administrator.',
  },
  'delegation-account-expired': {
    status: 403,
    stage: 'impersonate',
    sentence: 'Your account in the directory has expired.',
  },
  'delegation-refused': {
    status: 403,
    stage: 'impersonate',
    sentence: 'Your account may not be delegated to the server. Use a personal access token, or ask an administrator.',
  },
  'delegation-service-unknown': {
    status: 502,
    stage: 'impersonate',
    sentence: 'The directory does not know the server behind this proxy.',
  },
  'kdc-unreachable': {
    status: 503,
    stage: 'impersonate',
    sentence: 'The directory cannot be reached. Try again in a moment.',
  },
  'kdc-reply-invalid': {
    status: 503,
    stage: 'impersonate',
    sentence: 'The answer from the directory cannot be trusted.',
  },
  'kdc-overloaded': {
    status: 503,
    stage: 'impersonate',
    sentence: 'Too many requests are waiting for the directory. Try again in a moment.',
  },
  'kerberos-misconfigured': {
    status: 503,
    stage: 'impersonate',
    sentence: 'The proxy cannot sign in to the directory.',
  },
  'identity-mismatch': {
    status: 500,
    stage: 'impersonate',
    sentence: 'The proxy stopped before it would have acted under the wrong name.',
  },

  // Sign-in
  'sign-in-malformed': {
    status: 400,
    stage: 'sign-in',
    sentence: 'The sign-in link asks for too much. Open the page you want again.',
  },
  'sign-in-issuer-unknown': {
    status: 400,
    stage: 'sign-in',
    sentence:
      'The sign-in link names an identity provider that this server does not use. Go directly to the page you want.',
  },
  'sign-in-unknown': {
    status: 400,
    stage: 'sign-in',
    sentence:
      'This sign-in is no longer in progress: it has already been used, took too long, or began in another browser. If this happens again, allow cookies for this site.',
  },
  'confirmation-gone': {
    status: 404,
    stage: 'confirm',
    sentence:
      'There is nothing to confirm at this link: it has already been confirmed, or has expired. Run the command again to get a new one.',
  },
  'confirmation-other-account': {
    status: 403,
    stage: 'confirm',
    sentence: 'This request is from a different account. Only the owner of that account can confirm it.',
  },
  'groups-unknown': {
    status: 403,
    stage: 'sign-in',
    sentence: 'The identity provider did not say which groups you are in, so it is not known whether you have access.',
  },
  'sign-in-other-provider': {
    status: 400,
    stage: 'sign-in',
    sentence: 'The answer did not come from the identity provider that was asked. Sign in again.',
  },
  'sign-in-refused': { status: 403, stage: 'sign-in', sentence: 'The identity provider did not sign you in.' },
  'own-page-navigation-only': {
    status: 403,
    stage: 'routes',
    sentence: 'This page can only be shown in a window of its own. Open its address there.',
  },
  'form-token-invalid': {
    status: 403,
    stage: 'routes',
    sentence: 'This form has already been sent, or is too old. Open its page again.',
  },
  'sign-in-not-same-origin': { status: 403, stage: 'sign-in', sentence: 'Another website tried to do this.' },
  'sign-in-overtaken': {
    status: 403,
    stage: 'sign-in',
    sentence: 'The identity provider signed you out while you were signing in. Sign in again.',
  },
  'op-response-invalid': {
    status: 502,
    stage: 'sign-in',
    sentence: 'The answer from the identity provider cannot be accepted.',
  },
  'op-unreachable': {
    status: 503,
    stage: 'authenticate',
    sentence: 'The identity provider cannot be reached. Try again in a moment.',
  },
  'field-value-invalid': {
    status: 500,
    stage: 'forward',
    sentence: 'What the server needs to know about this request cannot be sent in an HTTP field.',
  },
  'store-unavailable': {
    status: 503,
    stage: 'authenticate',
    sentence: 'The proxy cannot read or write its stored data right now. Try again in a moment.',
  },
  'logout-request-malformed': {
    status: 400,
    stage: 'logout',
    sentence: 'The logout request does not have the form that OpenID Connect requires.',
  },
  'logout-token-invalid': { status: 400, stage: 'logout', sentence: 'The logout token is not valid here.' },
  'logout-token-replayed': { status: 400, stage: 'logout', sentence: 'The logout token was used before.' },
  'own-host-not-found': {
    status: 404,
    stage: 'keep-own-host',
    sentence: 'There is nothing at this address: this host is only for sign-in. Use the address of the server.',
  },
  'not-found': { status: 404, stage: 'routes', sentence: 'There is no such page under /.torhaus/.' },
  'self-test': { status: 400, stage: 'routes', sentence: 'This is a self-test, and was refused as it should be.' },

  // Forwarding
  'upstream-identity-refused': {
    status: 502,
    stage: 'forward',
    sentence: 'The server behind this proxy does not accept the identity that the proxy presents for you.',
  },
  'upstream-connect-failed': {
    status: 502,
    stage: 'forward',
    sentence: 'The server behind this proxy cannot be reached.',
  },
  'upstream-tls-failed': {
    status: 502,
    stage: 'forward',
    sentence: 'The server behind this proxy could not prove its identity.',
  },
  'upstream-connect-timeout': {
    status: 504,
    stage: 'forward',
    sentence: 'The server behind this proxy does not accept connections.',
  },
  'upstream-headers-timeout': {
    status: 504,
    stage: 'forward',
    sentence: 'The server behind this proxy takes too long to answer.',
  },
  'upstream-response-invalid': {
    status: 502,
    stage: 'forward',
    sentence: 'The server behind this proxy sent an invalid response.',
  },
  'upstream-closed': { status: 502, stage: 'forward', sentence: 'The server behind this proxy closed the connection.' },
  'upstream-overloaded': {
    status: 503,
    stage: 'forward',
    sentence: 'Too many requests are waiting. Try again in a moment.',
  },
  'upstream-queue-timeout': {
    status: 503,
    stage: 'forward',
    sentence: 'The request waited too long for its turn. Try again in a moment.',
  },
  'client-share-exceeded': {
    status: 429,
    stage: 'forward',
    sentence: 'Too many of your requests are waiting. Wait for responses before you send more.',
  },
  'unproven-share-exceeded': {
    status: 503,
    stage: 'forward',
    sentence: 'Too many requests from clients that are not known yet are waiting. Try again in a moment.',
  },
  'tunnel-limit': {
    status: 503,
    stage: 'forward',
    sentence: 'Too many WebSockets are open here. Try again in a moment.',
  },
  'request-content-too-slow': {
    status: 408,
    stage: 'forward',
    sentence: 'The content of the request took too long to arrive.',
  },
  'request-content-aborted': { status: 400, stage: 'forward', sentence: 'The content of the request ended early.' },

  // After the head of the response was sent: no status reaches the client, and the connection is closed.
  'client-aborted': {
    status: 499,
    stage: 'forward',
    sentence: 'The client closed the connection before the response was complete.',
  },
  'response-read-too-slowly': {
    status: 499,
    stage: 'forward',
    sentence: 'The client read the response too slowly.',
  },
  'response-content-aborted': {
    status: 502,
    stage: 'forward',
    sentence: 'The server behind this proxy ended the response early.',
  },
  'response-content-timeout': {
    status: 504,
    stage: 'forward',
    sentence: 'The response from the server behind this proxy stalled for too long.',
  },

  'tunnel-idle': { status: 504, stage: 'forward', sentence: 'The WebSocket was idle for too long.' },
  'tunnel-too-old': { status: 401, stage: 'forward', sentence: 'The WebSocket was open for too long. Open it again.' },
  'tunnel-unjudged': {
    status: 503,
    stage: 'forward',
    sentence: 'For too long, the proxy could not check whether the WebSocket may stay open.',
  },
  'tunnel-drained': { status: 503, stage: 'forward', sentence: 'The proxy is stopping. Open the WebSocket again.' },

  'internal-error': {
    status: 500,
    stage: 'any',
    sentence: 'Something went wrong in the proxy. The request id helps to find out what.',
  },
} as const satisfies Record<string, Row>

export type Code = keyof typeof table

export const errorTable: Readonly<Record<Code, Readonly<Row>>> = table

/** Where to start the sign-in again for the requested page. */
export interface NewSignIn {
  readonly path: string
  /** Whether the page goes there by itself. */
  readonly isAutomatic: boolean
}

/** Something that went wrong, as opposed to a decision, with its code and, for the log, its cause. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: Code
  /** If a sign-in went wrong: where the person can start it again. */
  signIn?: NewSignIn

  constructor(code: Code, cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}

/** The fault in `error`, or `internal-error` with `error` as its cause. */
export function toFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault('internal-error', error)
}

/** The fault, if the store is unavailable; any other error is thrown again. */
export function unavailable(error: unknown): Fault {
  const fault = toFault(error)
  if (fault.code !== 'store-unavailable') throw error
  return fault
}
