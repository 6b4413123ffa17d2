/**
 * Latency at a constant rate well under saturation. The generator is a process of its own on the core of the load; it
 * sends when a request is due and never waits for an answer first (open loop). A latency counts from the moment the
 * request was due, not from when it was sent: a stall of the proxy, of the machine or of the generator is seen by every
 * request that was due meanwhile (no coordinated omission). What is the generator's part can be told by its lateness.
 * autocannon is not used for this: it rounds to whole milliseconds and sends each second's requests in one burst.
 */
import { resolve } from 'node:path'
import type { Place } from '../lab/cores.ts'
import { runProgram } from '../lab/run-program.ts'
import type { ConstantRate, LoadRequest } from '../load.ts'
import type { Lists } from './lists.ts'

const PROCESS = resolve(import.meta.dirname, 'constant-rate-process.ts')
/** For the answers that are still out when the last request was sent. */
const PATIENCE_MS = 20_000

/** What the process reads on standard input. */
export interface ConstantRateOrder {
  readonly port: number
  readonly connections: number
  readonly requestsPerSecond: number
  readonly durationS: number
  /** Latencies of the time before are not counted. */
  readonly warmUpS: number
  /** Sent in turn. */
  readonly requests: readonly LoadRequest[]
  /** What takes the place of the placeholders in the requests. */
  readonly lists?: Lists | undefined
  /** Reports what has come so far again and again; default: once, at the end. */
  readonly reportEveryS?: number
  /** Over TLS, with a certificate that this one has signed. */
  readonly ca?: string | undefined
}

/** `onReport` gets each report as it comes, the last one included. Returns the last. */
export async function sendAtConstantRate(
  order: ConstantRateOrder,
  signal: AbortSignal,
  onReport: (report: ConstantRate) => void = () => undefined,
  place: Place = 'load',
): Promise<ConstantRate> {
  const timeoutMs = (order.durationS + order.warmUpS) * 1000 + PATIENCE_MS
  let last: ConstantRate | undefined
  await runProgram([process.execPath, PROCESS], {
    ...{ timeoutMs, signal, place, input: JSON.stringify(order) },
    onLine(line) {
      last = JSON.parse(line) as ConstantRate
      onReport(last)
    },
  })
  if (last === undefined) throw new Error('the generator of a constant rate tells nothing')
  return last
}
