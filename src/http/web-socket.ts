/** The opening handshake of WebSocket (RFC 6455 4): which request is one, and which 101 answers it. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * RFC 6455 4.1: a GET of HTTP/1.1. Everything else that asks to change the protocol (`h2c` would hide further requests
 * from us) goes on as if it had not asked, which RFC 9110 7.8 allows; so does a handshake with content.
 */
export function isHandshake({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    httpVersion === '1.1' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  )
}

/** RFC 6455 4.1: 16 bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/

export const isKey = (value: string | undefined): value is string => value !== undefined && KEY.test(value)

/** RFC 6455 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/**
 * Whether a 101 is the answer of a WebSocket server to the handshake with `key` (RFC 6455 4.1). A server that can be
 * made to send any other 101 would open a way past every check of ours. `rawFields`: name, value, name, value.
 */
export function isAccepted(rawFields: readonly string[], key: string): boolean {
  const values = (wanted: string) =>
    rawFields.filter((_, index) => index % 2 === 1 && rawFields[index - 1]?.toLowerCase() === wanted)
  const [accept, ...more] = values('sec-websocket-accept')
  const options = values('connection').flatMap(value => value.toLowerCase().split(','))
  return (
    values('upgrade').join().toLowerCase() === 'websocket' &&
    options.some(option => option.trim() === 'upgrade') &&
    more.length === 0 &&
    accept === createHash('sha1').update(`${key}${GUID}`).digest('base64')
  )
}

/** For both hops: what the protocol changes to is said hop by hop (RFC 9110 7.8). */
export const UPGRADE_FIELDS: readonly string[] = ['Connection', 'Upgrade', 'Upgrade', 'websocket']
