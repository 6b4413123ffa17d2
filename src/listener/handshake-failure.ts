/** Why a TLS handshake failed, as far as OpenSSL says. A closed set, so that many failures cannot fill the log. */
export type HandshakeFailure =
  | 'version'
  | 'cipher'
  | 'group'
  | 'signature'
  | 'plain-http'
  | 'not-tls'
  | 'refused-by-client'
  | 'other'

/** Codes that Node makes of OpenSSL's reasons. */
const FAILURES: Readonly<Record<string, HandshakeFailure>> = {
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'version',
  ERR_SSL_VERSION_TOO_LOW: 'version',
  ERR_SSL_NO_SHARED_CIPHER: 'cipher',
  ERR_SSL_NO_SHARED_GROUP: 'group',
  ERR_SSL_NO_SUITABLE_GROUPS: 'group',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'group',
  // Of the certificate of a client, with TLS 1.2 (RFC 8422 5.3): P-521.
  ERR_SSL_WRONG_CURVE: 'group',
  ERR_SSL_NO_SHARED_SIGNATURE_ALGORITHMS: 'signature',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'signature',
  ERR_SSL_HTTP_REQUEST: 'plain-http',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'plain-http',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not-tls',
}

/** An alert of the client (RFC 8446 6.2): mostly, it does not trust our certificate. */
const ALERT = /_ALERT_/

export const handshakeFailure = ({ code = '' }: NodeJS.ErrnoException): HandshakeFailure =>
  FAILURES[code] ?? (ALERT.test(code) ? 'refused-by-client' : 'other')
