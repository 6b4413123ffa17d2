import type { Code } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import type { StageObserver } from '../stage-chain.ts'

/** How an exchange ended, for log and metrics. */
export type Outcome = 'forwarded' | 'answered' | 'redirected' | 'challenged' | 'denied' | 'failed' | 'aborted'

/** Looks on while an exchange runs: for its decision trace, or its spans. */
export interface ExchangeTrace extends StageObserver {
  /** A call to another server has ended, successfully or not. */
  onAsked?(what: string, seconds: number, isFailed: boolean): void
  /** The response is closed. */
  conclude(record: ExchangeRecord, closedAtMs: number): void
}

/** The running account of one exchange: filled in on the way, read once when the response is closed. */
export interface ExchangeRecord {
  known: PartialExchange
  outcome: Outcome
  /** Why it did not go through; undefined when it did. */
  code: Code | undefined
  /** The stage at which it ended. */
  stage: string
  /** The cause of a fault; for the log only. */
  cause: unknown
  /** Monotonic: when the policy had decided, and when the upstream sent its fields. */
  decidedAtMs: number | undefined
  upstreamFirstByteAtMs: number | undefined
  requestBytes: number
  responseBytes: number
  /** Undefined where nobody looks on. */
  readonly trace: ExchangeTrace | undefined
}

export function newRecord(known: PartialExchange, trace?: ExchangeTrace): ExchangeRecord {
  return {
    known,
    outcome: 'answered',
    code: undefined,
    stage: 'accept',
    cause: undefined,
    decidedAtMs: undefined,
    upstreamFirstByteAtMs: undefined,
    requestBytes: 0,
    responseBytes: 0,
    trace,
  }
}
