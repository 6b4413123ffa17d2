import { type Bulkhead, createBulkhead } from './bulkhead.ts'
import { KerberosError } from './kerberos-error.ts'
import { LOCAL_CALLS } from './threads.ts'

export type LocalLaneOptions = {
  /** Calls at a time; they use the processor for about 0.1 ms each. Default 4. */
  readonly maxConcurrent?: number
  /** Default 4,096: more than a second of traffic at full rate is not worth waiting for. */
  readonly maxQueued?: number
  /** Default 5,000. */
  readonly timeoutMs?: number
}

/** The bound on calls that need no KDC: accepting a token, and initiating with a cached ticket. Throws `overloaded`. */
export function createLocalLane(options: LocalLaneOptions = {}): Bulkhead {
  return createBulkhead({
    maxConcurrent: options.maxConcurrent ?? LOCAL_CALLS,
    maxQueued: options.maxQueued ?? 4_096,
    timeoutMs: options.timeoutMs ?? 5_000,
    refuse: refusal => new KerberosError('overloaded', 'gate', { text: refusal }),
  })
}
