/**
 * New TLS connections, each with one request that asks the server to close. A process of ours on the core of the load:
 * it checks the certificate on each connection and tells whether each was resumed, which no stock generator does.
 * X25519 for everyone, as OpenSSL 3.0 offers it: a Node that also takes ML-KEM would be asked for more than its peers.
 */
import { resolve } from 'node:path'
import { runProgram } from '../lab/run-program.ts'
import type { LoadRequest, Saturation } from '../load.ts'
import type { Lists } from './lists.ts'

const PROCESS = resolve(import.meta.dirname, 'handshakes-process.ts')
const TIMEOUT_MS = 120_000

/** What the process reads on standard input. */
export interface HandshakeOrder {
  readonly port: number
  /** The authority that signed the server's certificate. */
  readonly ca: string
  readonly count: number
  /** Open at the same time. */
  readonly concurrency: number
  /** Sent in turn. */
  readonly requests: readonly LoadRequest[]
  /** What takes the place of the placeholders in the requests. */
  readonly lists?: Lists | undefined
  /** Sessions to resume, base64, one for each that is open at the same time; undefined: full handshakes. */
  readonly sessions: readonly string[] | undefined
}

export interface Handshakes extends Saturation {
  /** From the first packet to the end of the answer. */
  readonly latenciesMs: readonly number[]
  /** The latest session of each that was open at the same time, base64 (RFC 8446 4.6.1). */
  readonly sessions: readonly string[]
  /** What was wrong, each only once. */
  readonly problems: readonly string[]
}

/** A connection that was to be resumed and was not is an error. */
export async function openEach(order: HandshakeOrder, signal: AbortSignal): Promise<Handshakes> {
  const input = JSON.stringify(order)
  const output = await runProgram([process.execPath, PROCESS], { timeoutMs: TIMEOUT_MS, signal, input })
  return JSON.parse(output) as Handshakes
}
