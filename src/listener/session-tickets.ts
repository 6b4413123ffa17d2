import { hkdfSync } from 'node:crypto'
import type { Server } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Clock } from '../clock.ts'

/** Key name, and keys of HMAC and AES (RFC 5077 4), as Node takes them. */
const KEYS_BYTES = 48
/** So long a ticket can be good. Node knows one set of keys: at the change, each client makes one full handshake. */
const EPOCH_MS = 12 * 3_600_000
const LOOK_INTERVAL_MS = 10_000

/**
 * TLS sessions are resumed (RFC 8446 2.2, RFC 5077) wherever `secret` is known: in every worker of a machine, and at every
 * instance that shares a file. Keys come from the secret and the time, so that nobody has to tell anybody of new ones;
 * those of node:cluster, shared by workers alone, would never change. Without TLS nothing happens. Returns what ends it.
 */
export function shareSessionTickets(server: Server, secret: Uint8Array, now: Clock): () => void {
  if (!(server instanceof TlsServer)) return () => undefined
  let current: number | undefined
  const look = () => {
    const epoch = Math.floor(now() / EPOCH_MS)
    if (epoch === current) return
    current = epoch
    const keys = hkdfSync('sha256', secret, '', `torhaus tls session tickets ${epoch}`, KEYS_BYTES)
    server.setTicketKeys(Buffer.from(keys))
  }
  look()
  const timer = setInterval(look, LOOK_INTERVAL_MS).unref()
  return () => clearInterval(timer)
}
