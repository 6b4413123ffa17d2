/**
 * Saturation with requests of which each may be sent once only: a Kerberos ticket is shown in a token of its own, and
 * the acceptor's replay cache knows the ones it has seen. wrk sends the same few requests again and again, so this is a
 * process of ours on the core of the load, with a fixed number of requests instead of a fixed time.
 */
import { resolve } from 'node:path'
import { runProgram } from '../lab/run-program.ts'
import type { LoadRequest, Saturation } from '../load.ts'

const PROCESS = resolve(import.meta.dirname, 'send-each-process.ts')
const TIMEOUT_MS = 60_000

/** What the process reads on standard input. */
export interface SendEachOrder {
  readonly port: number
  readonly connections: number
  /** Each is sent exactly once. */
  readonly requests: readonly LoadRequest[]
  /** Over TLS, with a certificate that this one has signed. */
  readonly ca?: string | undefined
}

/** Looks at the status and the length of every answer. */
export async function sendEach(order: SendEachOrder, signal: AbortSignal): Promise<Saturation> {
  const input = JSON.stringify(order)
  const output = await runProgram([process.execPath, PROCESS], { timeoutMs: TIMEOUT_MS, signal, input })
  return JSON.parse(output) as Saturation
}
