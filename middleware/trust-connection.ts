/**
 * Stage 1: is the head well formed beyond what the parser checks, and who is the client? Forwarded fields are trusted
 * only from listed proxies, and are read from the end that the nearest one wrote.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { addressSet } from '../config/address-range.ts'
import type { Config } from '../config/schema.ts'
import { deny, proceed, type Stage } from '../src/decision.ts'
import type { Code } from '../src/errors.ts'
import type { Arrival, Connected } from '../src/exchange.ts'
import { clientAddress, forwardedHops, xForwardedForHops } from '../src/http/forwarded.ts'
import type { RequestFieldReader, RequestFields } from '../src/http/request-fields.ts'
import { type RequestReadings, requestReadings } from '../src/http/request-readings.ts'
import { isOwnPath, parseRequestTarget, type RequestTarget } from '../src/http/request-target.ts'
import { viaTest } from '../src/http/via.ts'
import { isKey } from '../src/http/web-socket.ts'
import { clientOf } from '../src/listener/client-address.ts'

// RFC 9110 7.2; also keeps white space, commas and user names out of the Host.
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(:\d{1,5})?$/i

export interface TrustSettings {
  readonly listener: Pick<Config['listener'], 'trustedProxies' | 'forwardedField'>
  /** Names that are ours, in lower case and without port. */
  readonly hostNames: readonly string[]
  readonly fieldReader: RequestFieldReader
  /** What we call ourselves in Via (RFC 9110 7.6.3). */
  readonly viaName: string
}

export function trustConnection({
  listener,
  hostNames,
  fieldReader,
  viaName,
}: TrustSettings): Stage<Arrival, Connected> {
  const isTrusted = addressSet(listener.trustedProxies)
  const isOurName = nameTest(hostNames)
  const hasPassed = viaTest(viaName)
  const peers = new WeakMap<Socket, Peer>()
  const forwardedName = listener.forwardedField === 'Forwarded' ? 'forwarded' : 'x-forwarded-for'
  const hopsOf = listener.forwardedField === 'Forwarded' ? forwardedHops : xForwardedForHops

  function routingProblem(method: string, { kept }: RequestFields): Code | undefined {
    // RFC 9112 3.2: one Host, and a valid one.
    if (kept.host === undefined || !HOST.test(kept.host)) return 'host-invalid'
    // A name that somebody else made lead here (DNS rebinding): its pages would be of the same origin as ours.
    if (!isOurName(kept.host)) return 'host-unknown'
    // TRACE would show credentials to scripts; it ends here (RFC 9110 9.3.8).
    if (method === 'TRACE') return 'method-refused'
    return kept.via !== undefined && hasPassed(kept.via) ? 'loop-detected' : undefined
  }

  return arrival => {
    const { request } = arrival
    const method = request.method ?? ''
    const fields = fieldReader.read(request.rawHeaders)
    if (typeof fields === 'string') return deny(fields)
    const problem = framingProblem(request, fields) ?? routingProblem(method, fields)
    if (problem !== undefined) return deny(problem)
    const asked = readRequest(request, fields)
    if (typeof asked === 'string') return deny(asked)
    // Without it, an answer of a WebSocket server could not be told from any other 101.
    if (arrival.handshake !== undefined && !isKey(fields.kept['sec-websocket-key'])) return deny('handshake-invalid')

    const peer = peerOf(request.socket)
    const hops = peer.isTrusted ? fields.kept[forwardedName] : undefined
    return proceed({
      ...arrival,
      method,
      target: asked.target,
      readings: asked.readings,
      fields,
      peerIsTrusted: peer.isTrusted,
      clientAddress: hops === undefined ? peer.address : clientAddress(peer.address, hopsOf(hops), isTrusted),
    })
  }

  function peerOf(socket: Socket): Peer {
    let peer = peers.get(socket)
    if (peer === undefined) {
      const { address, isStandIn } = clientOf(socket)
      peer = { address: address ?? 'unknown', isTrusted: address !== undefined && !isStandIn && isTrusted(address) }
      peers.set(socket, peer)
    }
    return peer
  }
}

/** By name alone: a port may have been mapped on the way. */
function nameTest(names: readonly string[]): (host: string) => boolean {
  let latest = ''
  return host => {
    if (host === latest) return true
    const isOurs = names.includes(host.toLowerCase().replace(/:\d+$/, ''))
    if (isOurs) latest = host
    return isOurs
  }
}

interface Peer {
  readonly address: string
  readonly isTrusted: boolean
}

function framingProblem(request: IncomingMessage, { kept }: RequestFields): Code | undefined {
  // A request line without version is HTTP/0.9, whose answers have no head; another major version would have other
  // framing.
  if (request.httpVersionMajor !== 1) return 'request-malformed'
  const coding = kept['transfer-encoding']
  if (coding === undefined) return undefined
  // RFC 9112 6.1: HTTP/1.0 has no transfer codings; somebody in between may see another end than we do.
  if (request.httpVersionMinor === 0) return 'request-malformed'
  // We take the transfer coding off, so it must be one we understand (RFC 9112 6.1).
  return coding.trim().toLowerCase() === 'chunked' ? undefined : 'transfer-coding-unsupported'
}

/** What is asked for, in every way a server could read it: the same for requests and handshakes. */
function readRequest(
  { url = '', method = '' }: IncomingMessage,
  fields: RequestFields,
): Pick<Connected, 'target' | 'readings'> | Code {
  const target = parseRequestTarget(url, method, fields.kept.host ?? '')
  if (typeof target === 'string') return target
  if (fields.kept['service-worker'] !== undefined && coversOwnPages(target)) return 'service-worker-refused'
  const readings = requestReadings(method, target, fields)
  if (typeof readings === 'string') return readings
  return hidesOwnPath(target, readings) ? 'path-ambiguous' : { target, readings }
}

/**
 * A path that is ours only after decoding, or in another letter case: the router would not see it, a lenient server
 * might.
 */
function hidesOwnPath({ path }: RequestTarget, readings: RequestReadings | undefined): boolean {
  if (isOwnPath(path)) return false
  if (readings === undefined) return path.charCodeAt(1) === DOT && isOwnPath(path.toLowerCase())
  return readings.paths.some(reading => isOwnPath(reading.toLowerCase()))
}

/**
 * A service worker sees every page below the folder of its script (Service Workers, "Update", 5.2): one at the root
 * would see codes of sign-ins, and show pages of its own in place of ours.
 */
const coversOwnPages = ({ path }: RequestTarget) => path.lastIndexOf('/') === 0 || isOwnPath(path)

const DOT = 0x2e
