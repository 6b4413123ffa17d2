/**
 * Latency at a constant rate well under saturation. The generator is a process of its own on the core of the load; it
 * sends when a request is due and never waits for an answer first (open loop), so a stall of the proxy delays, and is
 * seen by, every request that was due meanwhile: no coordinated omission. autocannon is not used for this: it rounds to
 * whole milliseconds and sends each second's requests in one burst.
 */
import { resolve } from 'node:path'
import { runProgram } from '../lab/run-program.ts'
import type { ConstantRate, LoadRequest } from '../load.ts'

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
  readonly requests: readonly LoadRequest[]
}

export async function sendAtConstantRate(order: ConstantRateOrder, signal: AbortSignal): Promise<ConstantRate> {
  const timeoutMs = (order.durationS + order.warmUpS) * 1000 + PATIENCE_MS
  const input = JSON.stringify(order)
  return JSON.parse(await runProgram([process.execPath, PROCESS], { timeoutMs, signal, input })) as ConstantRate
}
