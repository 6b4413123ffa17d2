/** TCP connections of this machine to one server, as the kernel counts them. */
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const ESTABLISHED = '01'
const POLL_MS = 25

/** /proc/net/tcp (proc(5)) writes addresses as little-endian words. */
function spelled(address: string, port: number): string {
  const octets = address.split('.').map(octet => Number(octet).toString(16).padStart(2, '0'))
  return `${octets.reverse().join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

/** The inodes of established connections: an identity that a later connection from the same port does not share. */
function establishedTo(remote: string): Set<string> {
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(line => line.trim().split(/\s+/))
  return new Set(rows.filter(([, , to, state]) => to === remote && state === ESTABLISHED).map(row => row[9] ?? ''))
}

/**
 * The kernel hands its table out in pieces: a connection and the one that took its place while it was being read would
 * both be counted. What stands in two tables, one read after the other, was open at the moment between them.
 */
function countConnections(remote: string): number {
  return establishedTo(remote).intersection(establishedTo(remote)).size
}

export type SocketWatch = { readonly most: () => number; stop(): Promise<void> }

/** The most connections seen at a time, looked at every 25 ms. */
export function watchSockets({ address, port }: { readonly address: string; readonly port: number }): SocketWatch {
  const remote = spelled(address, port)
  let [most, watching] = [0, true]
  const watched = (async () => {
    while (watching) {
      most = Math.max(most, countConnections(remote))
      await sleep(POLL_MS)
    }
  })()
  return {
    most: () => most,
    async stop() {
      watching = false
      await watched
    },
  }
}
