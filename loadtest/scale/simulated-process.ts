/** One worker of many: its caches, and what it does at each tick of its timers. */
import type { Awaitable } from '../../src/awaitable.ts'
import { Grants } from '../../src/grants/grants.ts'
import { PatConfirmations } from '../../src/pats/pat-confirmations.ts'
import { FLUSH_INTERVAL_MS, PatRegister } from '../../src/pats/pat-register.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { sessionCache } from '../../src/session/session-cache.ts'
import { Changes } from '../../src/store/changes.ts'
import { MAX_LASTS_MS } from '../../src/store/read-cache.ts'
import { COMMANDS } from './command-costs.ts'
import { type Changed, type CountedStore, NETWORK, ownerOf } from './counted-store.ts'

/** As configured by default; `lastsMs` and what is noted of a use follow from these. */
const TIMES = { idleTimeoutSeconds: 7200, cacheMs: 1000, maxCached: 100_000 }
export const NOTED_EVERY_MS = (TIMES.idleTimeoutSeconds * 1000) / 20
/** Redis is asked for what it told, twice in `cacheMs`. */
export const STEP_MS = 500
const SECOND_MS = 1000
const SWEEP_MS = 60_000
/** Sixteen indexes: oldest, count, blocked, each once a minute. */
const SWEEP_COMMANDS = 16 * 4
const SEALER = new Sealer([Buffer.alloc(32)])

export class SimulatedProcess {
  readonly changes = new Changes()
  readonly kept = new Set<string>()
  readonly #store: CountedStore
  readonly #clock: { readonly ms: number }
  readonly #sessions
  readonly #register: PatRegister
  readonly #confirmations: PatConfirmations
  readonly #grants: Grants
  #endingsReadAtMs = Number.NEGATIVE_INFINITY

  constructor(store: CountedStore, clock: { readonly ms: number }) {
    this.#store = store
    this.#clock = clock
    const now = () => clock.ms
    const surroundings = { now, monotonic: now }
    const settings = { ...TIMES, knownUntilMs: now, lastsMs: MAX_LASTS_MS, requestLifetimeSeconds: 600 }
    const read = (id: string) => {
      this.kept.add(id)
      // What ended is asked for once a second, by who reads sessions.
      if (clock.ms - this.#endingsReadAtMs >= SECOND_MS) {
        this.#endingsReadAtMs = clock.ms
        store.count('processes', COMMANDS.readEndings)
      }
      return store.readSession(id)
    }
    this.#sessions = sessionCache(settings, read, now)
    this.#register = new PatRegister(store.pats, settings, this.changes, surroundings)
    this.#confirmations = new PatConfirmations(store.confirmations, settings, this.changes, surroundings)
    const grants = { ...settings, lifetimeSeconds: 600, ipv4PrefixBits: 24, ipv6PrefixBits: 56, requireBinding: false }
    this.#grants = new Grants(store.grants, SEALER, grants, this.changes, surroundings)
  }

  bySession(person: number): void {
    void this.#sessions.get(String(person), String(person))
  }

  /** As it is where the owner has to confirm, and rules ask for a grant: the most that a token can cost. */
  byToken(token: number): void {
    const fingerprint = `token-${token}`
    const accountKey = ownerOf(fingerprint)
    void this.#register.find([fingerprint])
    void this.#confirmations.said(accountKey, [fingerprint], NETWORK)
    void this.#grants.find({ accountKey, network: NETWORK, clientClass: 'git' })
    void this.#register.see([fingerprint], { network: NETWORK, accountKey, clientClass: 'git' })
  }

  /** What is written in pieces goes on in later turns. */
  step(): Awaitable<void> {
    const { ms } = this.#clock
    this.#store.count('processes', COMMANDS.ask)
    if (ms % SWEEP_MS === 0) this.#store.count('processes', SWEEP_COMMANDS)
    return ms % FLUSH_INTERVAL_MS === 0 ? this.#register.flush() : undefined
  }

  hear({ sessions, tokens }: Changed): void {
    if (sessions.size > 0 && !sessions.isDisjointFrom(this.kept)) this.#sessions.expireBy('key', sessions)
    if (tokens.size > 0) this.changes.receive({ kind: 'pats-changed', fingerprints: tokens })
  }
}
