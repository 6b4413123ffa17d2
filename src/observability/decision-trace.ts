/**
 * Why an exchange ended as it did: one step for each stage that it reached. Recorded while it runs if `logging.trace`
 * or `admin.traceOneIn` asks for it, and otherwise reconstructed at its end for the operator's page. The trace is a
 * value: it can be logged, kept, and printed by `print-trace.ts`. `trace-facts.ts` defines what it may contain.
 */

import type { Logger } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { MonotonicClock } from '../clock.ts'
import type { Decision, Refusal } from '../decision.ts'
import { type Code, errorTable, Fault } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import type { ExchangeRecord, ExchangeTrace, Outcome } from './exchange-record.ts'
import { bounded, type Facts, factsOf, pathOf, responseFacts, stagesPassed } from './trace-facts.ts'

export interface TraceStep {
  readonly stage: string
  /** Those facts that the stage decides by. */
  readonly knew: Facts
  readonly added: Facts
  /** The decision of the stage; at the end of the way, how the exchange ended. */
  readonly decision: 'proceed' | Refusal['kind'] | 'fault' | Outcome
  readonly code?: Code
  /** The meaning of the code, and the cause of a fault. */
  readonly reason?: string
  /** Undefined where nobody looked on. */
  readonly durationMs?: number
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

/** Takes the whole trace of an exchange, once. */
export type KeepTrace = (trace: DecisionTrace, record: ExchangeRecord) => void

/** Records as text, so that it keeps no exchange in memory. */
export class TraceRecorder implements ExchangeTrace {
  readonly #monotonic: MonotonicClock
  readonly #keep: KeepTrace
  readonly #steps: TraceStep[] = []
  #lastMs: number

  constructor(monotonic: MonotonicClock, keep: KeepTrace) {
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
    const { stage, outcome } = record
    // The stage that refused has said so itself.
    if (this.#steps.at(-1)?.stage !== stage) {
      const durationMs = this.#lap(closedAtMs)
      this.#steps.push({
        stage,
        knew: {},
        added: responseFacts(record),
        decision: outcome,
        ...whyOf(record),
        durationMs,
      })
    }
    this.#keep(traced(record, this.#steps, closedAtMs), record)
  }

  #lap(nowMs: number): number {
    const sinceMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    return rounded(sinceMs)
  }
}

/**
 * The same of an exchange that nobody looked at, from what is known of it at its end: without how long each stage took,
 * and what a refusal has asked for beside its code.
 */
export function traceAtEnd(record: ExchangeRecord, closedAtMs: number): DecisionTrace {
  const { known, stage, outcome } = record
  const passed = stagesPassed(known).map((name): TraceStep => {
    return { stage: name, ...factsOf(name, known, known), decision: 'proceed' }
  })
  const added = NO_STAGES.has(stage) ? responseFacts(record) : {}
  const last: TraceStep = { stage, knew: factsOf(stage, known).knew, added, decision: outcome, ...whyOf(record) }
  return traced(record, [...passed, last], closedAtMs)
}

/** Where exchanges end that no stage has refused. */
const NO_STAGES: ReadonlySet<string> = new Set(['accept', 'routes', 'forward'])

function traced(record: ExchangeRecord, steps: readonly TraceStep[], closedAtMs: number): DecisionTrace {
  const { known, outcome } = record
  const { request, response } = known
  return {
    requestId: known.requestId,
    method: bounded(request.method ?? ''),
    path: pathOf(request.url ?? ''),
    status: response.headersSent ? response.statusCode : undefined,
    outcome,
    durationMs: rounded(closedAtMs - known.arrivedAtMs),
    steps,
  }
}

const whyOf = ({ code, cause }: ExchangeRecord) => (code === undefined ? {} : explained(code, cause))

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
