/** The Redis servers that accept writes: their addresses, and which keys they hold. */
import { tagOfSlot } from './redis-slots.ts'

export interface RedisServer {
  readonly url: string
  /** A tag whose keys it holds, see `RedisNames`. */
  readonly tag: string
}

interface Place {
  readonly host: string
  readonly port: number
}

interface SlotOwner {
  readonly master: Place & { readonly address: string }
}

/** `slots`: the owner of each slot, by number; slots without an owner are missing. `scheme`: including its colon. */
export function mastersOf(slots: readonly (SlotOwner | undefined)[], scheme: string): RedisServer[] {
  const servers = new Map<string, RedisServer>()
  for (const [slot, owner] of slots.entries()) {
    if (owner === undefined || servers.has(owner.master.address)) continue
    servers.set(owner.master.address, { url: urlOf(owner.master, scheme), tag: tagOfSlot(slot) })
  }
  return [...servers.values()]
}

export const urlOf = ({ host, port }: Place, scheme: string): string =>
  `${scheme}//${host.includes(':') ? `[${host}]` : host}:${port}`
