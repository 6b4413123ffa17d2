/** closed: calls are made; open: no calls are made; half-open: one trial call is made. */
export type CircuitState = 'closed' | 'open' | 'half-open'

export type CircuitOptions = {
  /** That many failures in a row open it. */
  readonly failureThreshold: number
  /** How long it stays open before one call may try. */
  readonly pauseMs: number
  readonly now: () => number
  readonly onChange: (state: CircuitState, previous: CircuitState) => void
}

/**
 * The outcome that the holder of a permit reports. `unknown`: the call never ran, or its outcome says nothing about the
 * other side.
 */
export type Outcome = 'success' | 'failure' | 'unknown'

export type Circuit = {
  /** A permit to make one call, or undefined while the circuit is open. Only the first report counts. */
  permit(): ((outcome: Outcome) => void) | undefined
  state(): CircuitState
  /** Time in milliseconds until the trial call is allowed; 0 unless the circuit is open. */
  retryAfterMs(): number
}

/**
 *   closed --threshold failures in a row--> open --pause--> half-open --success--> closed
 *                                             ^                 |
 *                                             +-----failure-----+        (unknown: the next call tries)
 */
export function createCircuit({ failureThreshold, pauseMs, now, onChange }: CircuitOptions): Circuit {
  let state: CircuitState = 'closed'
  let failures = 0
  let openedAtMs = 0
  let probing = false

  const become = (next: CircuitState): void => {
    const previous = state
    state = next
    if (next !== previous) onChange(next, previous)
  }
  const report = (outcome: Outcome, probe: boolean): void => {
    if (probe) probing = false
    if (outcome === 'success') {
      failures = 0
      // Calls from before the opening may still succeed, late: the other side answered, so that closes it, too.
      become('closed')
    }
    if (outcome === 'failure') {
      failures++
      // While one call tries, the stragglers from before say nothing new.
      if (!probe && (failures < failureThreshold || state === 'half-open')) return
      // The pause counts from the opening: stragglers that fail while it is open do not prolong it.
      if (state !== 'open') openedAtMs = now()
      become('open')
    }
  }
  const retryAfterMs = (): number => (state === 'open' ? Math.max(0, openedAtMs + pauseMs - now()) : 0)

  return {
    state: () => state,
    retryAfterMs,
    permit() {
      if (state === 'open' && retryAfterMs() === 0) become('half-open')
      if (state === 'open' || (state === 'half-open' && probing)) return undefined
      const probe = state === 'half-open'
      probing = probe
      let reported = false
      return outcome => {
        if (!reported) report(outcome, probe)
        reported = true
      }
    },
  }
}
