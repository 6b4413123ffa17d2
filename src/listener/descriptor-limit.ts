/**
 * How many connections fit within the file descriptor limit. A process that reaches the limit can neither accept
 * connections nor open files, and which part fails first is a matter of chance. So each bound is lowered until all of
 * them together stay below the limit.
 */
import { readFileSync } from 'node:fs'
import type { Config } from '../../config/schema.ts'

/** For what is no connection of these: libraries, pipes, store and its client, log, the listener, a moment's files. */
const RESERVED = 64
/** Each kind of connection to the server gets no more than this part of the rest. */
const PART = 4
/** Below this nothing works at all. */
const MIN_CONNECTIONS = 8
/** If the system does not state a limit (Windows has none). */
const ASSUMED_LIMIT = 65_536

/** Soft limit of this process. Node raises it to the hard one when it starts. */
export function descriptorLimit(): number {
  if (process.platform !== 'linux') return ASSUMED_LIMIT
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
  return soft === undefined ? ASSUMED_LIMIT : Number(soft)
}

/**
 * The same configuration with bounds that fit: a client, a connection to the server, or a WebSocket's second one take
 * one each.
 */
export function withinDescriptors(config: Config, limit: number): Config {
  const { listener, upstream } = config
  const usable = Math.max(limit - RESERVED, PART * MIN_CONNECTIONS)
  const part = Math.floor(usable / PART)
  const maxTunnels = Math.min(listener.maxTunnels, part)
  const maxUpstream = Math.min(upstream.maxConnections, part)
  const room = usable - maxTunnels - maxUpstream
  // Requests that wait have a client connection each: a queue of all of them would leave none to people.
  const maxQueued = Math.min(upstream.maxQueued, room - maxUpstream)
  return {
    ...config,
    listener: { ...listener, maxTunnels, maxConnections: Math.min(listener.maxConnections ?? room, room) },
    upstream: { ...upstream, maxConnections: maxUpstream, maxQueued },
  }
}

/** What was set higher than fits, for the log. */
export function loweredBounds(wanted: Config, fitting: Config): string[] {
  const lowered: string[] = []
  const compare = (name: string, before: number | undefined, after: number | undefined) => {
    if (before !== undefined && after !== undefined && after < before) lowered.push(`${name}: ${after}`)
  }
  compare('listener.maxConnections', wanted.listener.maxConnections, fitting.listener.maxConnections)
  compare('listener.maxTunnels', wanted.listener.maxTunnels, fitting.listener.maxTunnels)
  compare('upstream.maxConnections', wanted.upstream.maxConnections, fitting.upstream.maxConnections)
  compare('upstream.maxQueued', wanted.upstream.maxQueued, fitting.upstream.maxQueued)
  return lowered
}
