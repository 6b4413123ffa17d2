import type { ConnectionTimes } from './connection-times.ts'
import type { SocketSettings } from './open-socket.ts'

export interface PoolSettings extends ConnectionTimes, SocketSettings {
  readonly maxConnections: number
  readonly maxQueued: number
  readonly queueTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly keepAliveTimeoutMs: number
}

/** After that a connection makes room for one to where the name of the server leads by then. */
const MAX_AGE_MS = 300_000
/** So that those which were opened together are not renewed together. */
const SPREAD_MS = 1000
const STEPS = 60

/** How old a connection may become that was opened as the one of this number, in milliseconds: 5 to 6 minutes. */
export const maxAgeMs = (number: number): number => MAX_AGE_MS + (number % STEPS) * SPREAD_MS
