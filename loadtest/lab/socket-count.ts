/** TCP connections on this machine, from /proc/net/tcp (proc(5)). */
import { readFileSync } from 'node:fs'

export interface SocketCount {
  /** Connections of clients to the proxy's port. */
  readonly down: number
  /** Connections to the upstream's port. */
  readonly up: number
}

/**
 * Numbers of the kernel (include/net/tcp_states.h): what only waits for its end to be forgotten holds no memory of a
 * process.
 */
const TIME_WAIT = '06'
const LISTEN = '0A'

/** Each connection once, by the end that the proxy holds. */
export function countSockets(proxyPort: number, upstreamPort: number): SocketCount {
  const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  let [down, up] = [0, 0]
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/)
    if (state === undefined || state === TIME_WAIT || state === LISTEN) continue
    if (local.endsWith(hex(proxyPort))) down++
    if (remote.endsWith(hex(upstreamPort))) up++
  }
  return { down, up }
}
