/**
 * What can be done to a proxy by holding connections: goes on until it is stopped, stays on loopback, is bounded in
 * sockets.
 */
import type { ConnectionOptions } from 'node:tls'

export interface AttackTarget {
  readonly port: number
  readonly tls?: ConnectionOptions
}

export interface RunningAttack {
  /** Resolves when all its sockets are closed. */
  stop(): Promise<void>
}

export interface ConnectionAttack {
  readonly name: string
  /** Against a listener that speaks TLS. */
  readonly isForTls?: true
  /** Resolves when the attack is under way. */
  start(target: AttackTarget): Promise<RunningAttack>
}
