/**
 * Who may have a connection to the server next, so that nobody takes everything. Every step takes constant time.
 *
 *   light      proven, with few requests in flight: served first, and the last connections are theirs alone
 *   heavy      proven, with many
 *   unproven   nobody has shown yet who it is: build agents, and strangers. Its request is here in full
 *   holding    the same, while its content is still to come: only so many at a time, since the client says for how long
 *   capped     waits with more of these than are its share
 *
 * Within a lane owners take turns, each with its oldest request first.
 */
import type { Code } from '../errors.ts'
import type { Standing } from '../listener/share.ts'
import { Owner, type Sharer } from './owner.ts'

export interface ShareSettings {
  readonly maxConnections: number
  readonly maxQueued: number
}

type Lane = 'light' | 'heavy' | 'unproven' | 'holding' | 'capped'

/** Who comes first, in turn: light owners every other time, so that none of the others is forgotten. */
const TURNS: readonly Lane[] = ['light', 'heavy', 'light', 'unproven', 'light', 'heavy', 'light', 'holding']
const PRECEDENCE: readonly Lane[] = ['light', 'heavy', 'unproven', 'holding']

export class ConnectionShares<W extends Sharer> {
  readonly #limits: Readonly<Record<'total' | 'open' | 'light' | 'holding' | 'queued' | 'unprovenQueued', number>>
  readonly #owners: Readonly<Record<Standing, Map<string, Owner>>> = {
    proven: new Map(),
    unproven: new Map(),
    holding: new Map(),
  }
  readonly #lanes: Readonly<Record<Lane, Set<Owner>>> = {
    light: new Set(),
    heavy: new Set(),
    unproven: new Set(),
    holding: new Set(),
    capped: new Set(),
  }
  readonly #held: Record<Standing, number> = { proven: 0, unproven: 0, holding: 0 }
  readonly #queued: Record<Standing, number> = { proven: 0, unproven: 0, holding: 0 }
  #turn = 0

  constructor({ maxConnections, maxQueued }: ShareSettings) {
    const reserved = maxConnections < 2 ? 0 : Math.max(1, Math.floor(maxConnections / 64))
    this.#limits = {
      total: maxConnections,
      open: maxConnections - reserved,
      light: Math.max(1, Math.floor(maxConnections / 16)),
      holding: Math.max(1, Math.floor(maxConnections / 8)),
      queued: maxQueued,
      unprovenQueued: Math.ceil((maxQueued * 3) / 4),
    }
  }

  get queued(): number {
    return this.#queued.proven + this.#queued.unproven + this.#queued.holding
  }

  /** Most connections that clients may hold up without having proven who they are. */
  get mostHolding(): number {
    return this.#limits.holding
  }

  held(standing: Standing): number {
    return this.#held[standing]
  }

  /** Whether it may have a connection now; then it has it until `release`. */
  take(waiter: W): boolean {
    const owner = this.#ownerOf(waiter)
    if (!this.#mayTake(this.#laneOf(owner))) {
      this.#forgetEmpty(owner)
      return false
    }
    this.#hold(owner, waiter)
    return true
  }

  /** It waits from now on. Otherwise: why it cannot. */
  enqueue(waiter: W): Code | undefined {
    const owner = this.#ownerOf(waiter)
    const refused = this.#refusal(owner)
    if (refused === undefined) {
      owner.add(waiter)
      waiter.holder = owner
      this.#queued[owner.standing]++
      this.#lanes[this.#laneOf(owner)].add(owner)
    }
    this.#forgetEmpty(owner)
    return refused
  }

  /** It waits no more. False: it did not wait. */
  leave(waiter: W): boolean {
    const owner = waiter.holder
    if (owner?.remove(waiter) !== true) return false
    this.#queued[owner.standing]--
    if (owner.waiting.size === 0) this.#lanes[this.#laneOf(owner)].delete(owner)
    this.#forgetEmpty(owner)
    return true
  }

  /** The waiter that has a connection from now on, and waits no more; undefined: none waits that may have one. */
  next(): W | undefined {
    if (this.queued === 0) return undefined
    const lane = this.#nextLane()
    if (lane === undefined) return undefined
    const [owner] = this.#lanes[lane]
    // Nobody else is ever put there.
    const [waiter] = (owner?.waiting ?? []) as Iterable<W>
    if (owner === undefined || waiter === undefined) return undefined
    // Behind the others of its lane, if it still waits.
    this.#lanes[lane].delete(owner)
    owner.remove(waiter)
    this.#queued[owner.standing]--
    this.#hold(owner, waiter)
    if (owner.waiting.size > 0) this.#lanes[this.#laneOf(owner)].add(owner)
    return waiter
  }

  release(owner: Owner): void {
    const before = this.#laneOf(owner)
    owner.held--
    this.#held[owner.standing]--
    this.#move(owner, before)
    this.#forgetEmpty(owner)
  }

  #hold(owner: Owner, waiter: W): void {
    const before = this.#laneOf(owner)
    owner.held++
    this.#held[owner.standing]++
    waiter.holder = owner
    this.#move(owner, before)
  }

  #move(owner: Owner, before: Lane): void {
    if (owner.waiting.size === 0) return
    const lane = this.#laneOf(owner)
    if (lane !== before && this.#lanes[before].delete(owner)) this.#lanes[lane].add(owner)
  }

  #nextLane(): Lane | undefined {
    const isServed = (lane: Lane) => this.#lanes[lane].size > 0 && this.#mayTake(lane)
    if (!PRECEDENCE.some(isServed)) return undefined
    const turn = TURNS[this.#turn++ % TURNS.length] as Lane
    return isServed(turn) ? turn : PRECEDENCE.find(isServed)
  }

  #mayTake(lane: Lane): boolean {
    const total = this.#held.proven + this.#held.unproven + this.#held.holding
    if (lane === 'capped' || total >= this.#limits.total) return false
    if (lane === 'light') return true
    if (total >= this.#limits.open && !this.#mayUseLast()) return false
    return lane !== 'holding' || this.#held.holding < this.#limits.holding
  }

  /** While light owners wait themselves, the last connections are in use, and go around by turns. */
  #mayUseLast(): boolean {
    return this.#lanes.light.size > 0 && this.#held.unproven + this.#held.holding < this.#limits.open
  }

  #laneOf({ standing, held }: Owner): Lane {
    if (standing === 'proven') return held < this.#limits.light ? 'light' : 'heavy'
    return standing === 'holding' && held >= Math.ceil(this.#limits.holding / 2) ? 'capped' : standing
  }

  #refusal({ standing, waiting }: Owner): Code | undefined {
    const free = this.#limits.queued - this.queued
    if (free <= 0) return 'upstream-overloaded'
    const unproven = this.#queued.unproven + this.#queued.holding
    if (standing !== 'proven' && unproven >= this.#limits.unprovenQueued) return 'unproven-share-exceeded'
    // As in a FairLedger: nobody waits with more than could still come from others.
    return waiting.size > free ? 'client-share-exceeded' : undefined
  }

  #ownerOf({ standing, owner }: W): Owner {
    const owners = this.#owners[standing]
    let found = owners.get(owner)
    if (found === undefined) {
      found = new Owner(owner, standing)
      owners.set(owner, found)
    }
    return found
  }

  #forgetEmpty(owner: Owner): void {
    if (owner.held === 0 && owner.waiting.size === 0) this.#owners[owner.standing].delete(owner.name)
  }
}
