/**
 * Why one exchange ended as it did: a step for each stage it came to. Made only where `logging.trace` asks for it. The
 * trace is a value: it can be logged, kept, and printed by `print-trace.ts`. `trace-facts.ts` says what may stand in
 * it.
 */

import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Decision, Refusal } from '../decision.ts'
import { type Code, errorTable, Fault } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import type { ExchangeRecord, ExchangeTrace, Outcome } from './exchange-record.ts'
import { bounded, type Facts, factsOf, pathOf, responseFacts } from './trace-facts.ts'

export interface TraceStep {
  readonly stage: string
  /** Those facts that the stage decides by. */
  readonly knew: Facts
  readonly added: Facts
  /** The decision of the stage; at the end of the way, how the exchange ended. */
  readonly decision: 'proceed' | Refusal['kind'] | 'fault' | Outcome
  readonly code?: Code
  /** What the code means, and what lies behind a fault. */
  readonly reason?: string
  readonly durationMs: number
}

export interface DecisionTrace {
  readonly requestId: string | undefined
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Undefined where no response was begun. */
  readonly status: number | undefined
  readonly outcome: Outcome
  readonly durationMs: number
  readonly steps: readonly TraceStep[]
}

/** Writes down what it is told, as text: it keeps no exchange alive. */
export class TraceRecorder implements ExchangeTrace {
  readonly #monotonic: MonotonicClock
  readonly #keep: (trace: DecisionTrace) => void
  readonly #steps: TraceStep[] = []
  #lastMs: number

  /** `keep` takes the whole trace, once. */
  constructor(monotonic: MonotonicClock, keep: (trace: DecisionTrace) => void) {
    this.#monotonic = monotonic
    this.#keep = keep
    this.#lastMs = monotonic()
  }

  onDecision(stage: string, known: PartialExchange, decision: Decision<unknown> | Fault): void {
    const durationMs = this.#lap(this.#monotonic())
    if (decision instanceof Fault) {
      const { knew } = factsOf(stage, known)
      this.#steps.push({ stage, knew, added: {}, decision: 'fault', ...explained(decision.code, decision), durationMs })
    } else if (decision.kind === 'proceed') {
      const { knew, added } = factsOf(stage, known, decision.exchange as PartialExchange)
      this.#steps.push({ stage, knew, added, decision: 'proceed', durationMs })
    } else {
      const { knew } = factsOf(stage, known)
      const { kind, code } = decision
      this.#steps.push({ stage, knew, added: demandsOf(decision), decision: kind, ...explained(code), durationMs })
    }
  }

  conclude(record: ExchangeRecord, closedAtMs: number): void {
    const { known, stage, outcome, code, cause } = record
    const { request, response } = known
    // The stage that refused has said so itself.
    if (this.#steps.at(-1)?.stage !== stage) {
      const why = code === undefined ? {} : explained(code, cause)
      const durationMs = this.#lap(closedAtMs)
      this.#steps.push({ stage, knew: {}, added: responseFacts(record), decision: outcome, ...why, durationMs })
    }
    this.#keep({
      requestId: known.requestId,
      method: bounded(request.method ?? ''),
      path: pathOf(request.url ?? ''),
      status: response.headersSent ? response.statusCode : undefined,
      outcome,
      durationMs: rounded(closedAtMs - known.arrivedAtMs),
      steps: this.#steps,
    })
  }

  #lap(nowMs: number): number {
    const sinceMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    return rounded(sinceMs)
  }
}

const rounded = (milliseconds: number) => Math.round(milliseconds * 1000) / 1000

function explained(code: Code, cause?: unknown): Pick<TraceStep, 'code' | 'reason'> {
  const { sentence } = errorTable[code]
  const behind = cause instanceof Fault ? cause.cause : cause
  return { code, reason: behind instanceof Error ? `${sentence} (${bounded(causeChain(behind))})` : sentence }
}

/** What the client is asked for. The code of a confirmation link is for the client alone. */
function demandsOf(refusal: Refusal): Facts {
  if (refusal.kind === 'sign-in' && refusal.stepUp !== undefined) {
    const { maxAgeSeconds, acceptAcr } = refusal.stepUp
    return { max_age: `${maxAgeSeconds}`, acr: bounded(acceptAcr?.join(',') ?? 'as configured') }
  }
  if (refusal.kind !== 'deny' || refusal.help === undefined) return {}
  const { retryAfterSeconds, confirm } = refusal.help
  return {
    ...(retryAfterSeconds !== undefined && { retry_after: `${retryAfterSeconds}` }),
    ...(confirm !== undefined && { link: 'to confirm' }),
  }
}

/** Writes traces among the other log records. */
export const traceLog =
  (log: Logger) =>
  (trace: DecisionTrace): void =>
    log.info({ 'event.action': 'trace', 'http.request.id': trace.requestId, 'torhaus.trace': trace })
