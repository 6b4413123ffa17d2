/**
 * The exchanges that ended last without going through, for the operator's page: so many of each outcome, so that what
 * is refused again and again does not push out a fault. Of the ones that went through, those that were traced.
 *
 * What is kept is text, as a trace has it: no exchange stays alive, and no secret, query or cookie is among it. An
 * exchange that goes through costs one comparison; one that does not, what putting its steps into words costs.
 */
import type { Clock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { accountOf } from '../exchange.ts'
import { type DecisionTrace, traceAtEnd } from './decision-trace.ts'
import type { ExchangeRecord, Outcome } from './exchange-record.ts'
import { bounded } from './trace-facts.ts'

export interface RecentExchange {
  /** When it ended, since the epoch. */
  readonly atMs: number
  readonly code: Code | undefined
  readonly account: string | undefined
  readonly clientAddress: string
  readonly clientClass: string
  readonly scheme: string
  readonly trace: DecisionTrace
  /** Whether the exchange was traced: then each step has its time. */
  readonly isTraced: boolean
}

/** What every sign-in begins with, and git with a password to ask for. */
const MERELY_ASKED: ReadonlySet<Code> = new Set(['credentials-missing', 'session-ended'])

/** Of each outcome. */
export const KEPT = 100

export class RecentExchanges {
  readonly #now: Clock
  /** The newest last. */
  readonly #kept = new Map<Outcome, RecentExchange[]>()

  constructor(now: Clock) {
    this.#now = now
  }

  /** An exchange has ended. */
  ended(record: ExchangeRecord, closedAtMs: number): void {
    if (record.code === undefined || record.outcome === 'aborted') return
    this.#keep(record, traceAtEnd(record, closedAtMs), false)
  }

  /** The same exchange, after `ended`; one that went through for the first time. */
  traced(record: ExchangeRecord, trace: DecisionTrace): void {
    const same = this.#of(record.outcome)
    if (trace.requestId !== undefined && same.at(-1)?.trace.requestId === trace.requestId) same.pop()
    this.#keep(record, trace, true)
  }

  /** Those that were refused or failed, the newest first; `most` of them. Whoever was merely asked to sign in is none. */
  refused(most: number): RecentExchange[] {
    const refused = [...this.#kept.values()].flat().filter(({ code }) => code !== undefined && !MERELY_ASKED.has(code))
    return newestOf(refused).slice(0, most)
  }

  find(requestId: string): RecentExchange | undefined {
    for (const exchanges of this.#kept.values()) {
      const found = exchanges.find(({ trace }) => trace.requestId === requestId)
      if (found !== undefined) return found
    }
    return undefined
  }

  #of(outcome: Outcome): RecentExchange[] {
    const known = this.#kept.get(outcome)
    if (known !== undefined) return known
    const empty: RecentExchange[] = []
    this.#kept.set(outcome, empty)
    return empty
  }

  #keep({ known, code, outcome }: ExchangeRecord, trace: DecisionTrace, isTraced: boolean): void {
    const exchanges = this.#of(outcome)
    const account = known.account ?? accountOf(known.principal)
    exchanges.push({
      ...{ atMs: this.#now(), code, trace, isTraced },
      account: account === undefined ? undefined : bounded(account),
      clientAddress: bounded(known.clientAddress ?? 'unknown'),
      clientClass: known.clientClass ?? 'unread',
      scheme: known.credentials?.scheme ?? 'unread',
    })
    if (exchanges.length > KEPT) exchanges.shift()
  }
}

/** A new list. */
export const newestOf = (exchanges: readonly RecentExchange[]): RecentExchange[] =>
  exchanges.toSorted((one, other) => other.atMs - one.atMs)
