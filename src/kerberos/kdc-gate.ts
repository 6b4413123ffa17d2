import { type BulkheadLoad, createBulkhead } from './bulkhead.ts'
import { type CircuitState, createCircuit, type Outcome } from './circuit.ts'
import { KdcRefusal } from './kdc/kdc-refusal.ts'
import { isExpired, KerberosError, type KerberosErrorCode } from './kerberos-error.ts'

// Every call that may ask the KDC goes through here, and nothing else does.
//
//   caller -> circuit (open: refused at once) -> queue (bounded) -> at most maxConcurrent calls -> KDC
//
// Few at a time, first come, first served: so that a KDC under load answers some in time and not all of them too late. A
// caller gives up after timeoutMs; its call stays counted until it comes back.

export type KdcGateOptions = {
  /** Calls at a time, each of which holds a socket; default 16. */
  readonly maxConcurrent?: number
  /** Callers that wait for their turn; default 4,096. */
  readonly maxQueued?: number
  /** Until a caller is answered `kdc-unreachable`; default 5,000. */
  readonly timeoutMs?: number
  /** Consecutive failures that open the circuit; default 3. */
  readonly failureThreshold?: number
  /** From the opening to the first try; default 5,000. */
  readonly pauseMs?: number
  readonly now: () => number
  readonly onChange?: (state: CircuitState, previous: CircuitState) => void
}

export type KdcGateCounters = {
  /** Calls that were begun. */
  readonly started: number
  readonly succeeded: number
  /** The KDC was silent, unreachable or spoke nonsense. */
  readonly failed: number
  /** Callers that gave up waiting. */
  readonly timedOut: number
  /** Refused because the queue was full. */
  readonly rejected: number
  /** Refused because the circuit was open. */
  readonly shortCircuited: number
}

export type KdcGate = {
  /**
   * Runs one task that asks the KDC. It must own what it makes: after a timeout it runs on, and its result is dropped.
   * Throws what the task throws, or `kdc-circuit-open`, `kdc-unreachable` (timeout), `overloaded`.
   */
  run<T>(task: () => Promise<T>): Promise<T>
  state(): CircuitState
  load(): BulkheadLoad
  counters(): KdcGateCounters
}

/** These say something about the KDC's health; any other answer, also a refusal, came from a live one. */
const kdcTrouble: ReadonlySet<KerberosErrorCode> = new Set(['kdc-unreachable', 'kdc-reply-invalid'])

/** Default of `maxConcurrent`. */
export const KDC_CALLS = 16

/** An error that no rule names is an answer, too: of a KDC that lives, and about one account that anybody may have named. */
const isTrouble = (error: unknown): boolean =>
  error instanceof KerberosError && kdcTrouble.has(error.code) && !(error.cause instanceof KdcRefusal)

/** One gate per realm, because the KDCs of one realm may be unreachable while those of others answer. */
export interface GatesByRealm {
  /** To our own KDCs. */
  readonly gate: KdcGate
  /** For people of other realms, by realm; who has none there: that to our own. */
  readonly trustedGates?: ReadonlyMap<string, KdcGate>
}

export const gateTo = (realm: string, { gate, trustedGates }: GatesByRealm): KdcGate => trustedGates?.get(realm) ?? gate

export function createKdcGate(options: KdcGateOptions): KdcGate {
  const count = { started: 0, succeeded: 0, failed: 0, timedOut: 0, rejected: 0, shortCircuited: 0 }
  let finished = 0
  const circuit = createCircuit({
    failureThreshold: options.failureThreshold ?? 3,
    pauseMs: options.pauseMs ?? 5_000,
    now: options.now,
    onChange: options.onChange ?? (() => undefined),
  })
  const bulkhead = createBulkhead({
    maxConcurrent: options.maxConcurrent ?? KDC_CALLS,
    maxQueued: options.maxQueued ?? 4_096,
    timeoutMs: options.timeoutMs ?? 5_000,
    refuse(refusal) {
      if (refusal === 'timeout') count.timedOut++
      else count.rejected++
      return new KerberosError(refusal === 'timeout' ? 'kdc-unreachable' : 'overloaded', 'gate', { text: refusal })
    },
  })

  const circuitOpen = (): KerberosError => {
    count.shortCircuited++
    return new KerberosError('kdc-circuit-open', 'gate', { retryAfterMs: circuit.retryAfterMs() })
  }

  const run = async <T>(task: () => Promise<T>): Promise<T> => {
    const report = circuit.permit()
    if (report === undefined) throw circuitOpen()
    let started = false
    const finishedBefore = finished
    try {
      return await bulkhead.run(async () => {
        // It may have opened while this one queued.
        if (circuit.state() === 'open') throw circuitOpen()
        started = true
        count.started++
        const outcome = await observe(task, report)
        finished++
        count[outcome.failed ? 'failed' : 'succeeded']++
        return outcome.value()
      })
    } catch (error) {
      // A caller that gave up: the KDC is silent when not one call came back all the while. Otherwise the queue was
      // merely long, and its own call, if it has begun, will tell.
      if (isTrouble(error) && finished === finishedBefore) report('failure')
      else if (!started) report('unknown')
      throw error
    }
  }
  return { run, state: circuit.state, load: bulkhead.load, counters: () => ({ ...count }) }
}

type Observed<T> = { readonly failed: boolean; readonly value: () => T }

// Reports the call's own outcome when it comes, also after its caller gave up.
async function observe<T>(task: () => Promise<T>, report: (outcome: Outcome) => void): Promise<Observed<T>> {
  try {
    const result = await task()
    report('success')
    return { failed: false, value: () => result }
  } catch (error) {
    const failed = isTrouble(error)
    report(failed ? 'failure' : outcomeOf(error))
    return {
      failed,
      value: () => {
        throw error
      },
    }
  }
}

// A coded refusal came from the KDC, so it lives; `internal` may have failed before the KDC was asked, and so has whoever
// found our own ticket let go of.
function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof KerberosError) || error.code === 'internal') return 'unknown'
  return isExpired(error) && error.cause === undefined ? 'unknown' : 'success'
}
