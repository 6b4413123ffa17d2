import { connect as connectTcp, type LookupFunction, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Code } from '../errors.ts'
import { hearLastWords } from './last-words.ts'

export interface SocketSettings {
  readonly host: string
  readonly port: number
  /** Undefined: plain TCP. */
  readonly tls: ConnectionOptions | undefined
  /** Default: as the system resolves names. */
  readonly lookup?: LookupFunction | undefined
}

/** A socket that is about to connect. `session`: of an earlier TLS connection, to be resumed. */
export function openSocket(
  { host, port, tls, lookup }: SocketSettings,
  onread: OnReadOpts,
  session: Buffer | undefined,
): Socket {
  const place = { host, port, ...(lookup && { lookup }) }
  if (tls === undefined) return hearLastWords(connectTcp({ ...place, onread, noDelay: true, keepAlive: true }))
  // `tls.connect` knows `onread`, its types do not.
  const options: ConnectionOptions & { onread: OnReadOpts } = {
    ...{ ...tls, ...place, onread },
    ...(session === undefined ? {} : { session }),
  }
  return hearLastWords(connectTls(options).setNoDelay(true).setKeepAlive(true))
}

/** Codes of Node for TLS, and its names for X509_V_ERR_* of OpenSSL; UNSPECIFIED are all that it has no name for. */
const OF_TLS =
  /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH|ERROR_IN_|UNSPECIFIED)/

export function codeOfConnectError(error: NodeJS.ErrnoException): Code {
  const code = String(error.code ?? '')
  if (code === 'ETIMEDOUT') return 'upstream-connect-timeout'
  return OF_TLS.test(code) ? 'upstream-tls-failed' : 'upstream-connect-failed'
}

/** Of an error before there was a response: with TLS 1.3, a server refuses our certificate once we are connected (RFC 8446 4.4.2.4). */
export const codeOfLostConnection = ({ code = '' }: NodeJS.ErrnoException): Code =>
  code.includes('_ALERT_') ? 'upstream-tls-failed' : 'upstream-closed'
