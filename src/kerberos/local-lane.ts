import { type Bulkhead, createBulkhead } from './bulkhead.ts'
import { defaultKdcCalls } from './kdc-gate.ts'
import { KerberosError } from './kerberos-error.ts'

export type LocalLaneOptions = {
  /** Calls at a time; they use the processor for about 0.1 ms each. Default 4. */
  readonly maxConcurrent?: number
  /** Default 4,096: more than a second of traffic at full rate is not worth waiting for. */
  readonly maxQueued?: number
  /** Default 5,000. */
  readonly timeoutMs?: number
}

/** Default of `maxConcurrent`. */
export const defaultLocalCalls = 4

/** The bound on calls that need no KDC: accepting a token, and initiating with a cached ticket. Throws `overloaded`. */
export function createLocalLane(options: LocalLaneOptions = {}): Bulkhead {
  return createBulkhead({
    maxConcurrent: options.maxConcurrent ?? defaultLocalCalls,
    maxQueued: options.maxQueued ?? 4_096,
    timeoutMs: options.timeoutMs ?? 5_000,
    refuse: refusal => new KerberosError('overloaded', 'gate', { text: refusal }),
  })
}

/** libuv's own default (uv_queue_work): what file system, DNS, compression and cryptography expect to find free. */
const threadsForOthers = 4

/**
 * The UV_THREADPOOL_SIZE with which Kerberos can never starve the rest of the process. libuv reads the variable once, when the first
 * job is queued, so whatever launches Node has to set it.
 */
export function requiredThreads(kdcCalls = defaultKdcCalls, localCalls = defaultLocalCalls): number {
  return kdcCalls + localCalls + threadsForOthers
}
