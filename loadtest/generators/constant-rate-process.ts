/** The process behind constant-rate.ts: reads an order on standard input, writes the latencies on standard output. */
import { json } from 'node:stream/consumers'
import { type Dispatcher, Pool } from 'undici'
import type { LoadRequest } from '../load.ts'
import type { ConstantRateOrder } from './constant-rate.ts'

/** A timer of Node is not finer. */
const TICK_MS = 1

const order = (await json(process.stdin)) as ConstantRateOrder
const pool = new Pool(`http://127.0.0.1:${order.port}`, { connections: order.connections, pipelining: 1 })
const latenciesMs: number[] = []
let errors = 0
let outstanding = 0

class Receiver implements Dispatcher.DispatchHandler {
  readonly #dueAtMs: number
  readonly #counts: boolean
  readonly #expectedBytes: number
  #status = 0
  #bytes = 0

  constructor(dueAtMs: number, counts: boolean, expectedBytes: number) {
    this.#dueAtMs = dueAtMs
    this.#counts = counts
    this.#expectedBytes = expectedBytes
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
  }

  onResponseEnd(): void {
    outstanding--
    if (this.#status !== 200 || this.#bytes !== this.#expectedBytes) errors++
    else if (this.#counts) latenciesMs.push(performance.now() - this.#dueAtMs)
  }

  onResponseError(): void {
    outstanding--
    errors++
  }
}

function send({ method, target, fields, responseBytes }: LoadRequest, counts: boolean): void {
  outstanding++
  // Due when the timer fires: how late the timer itself is belongs to the generator, not to the proxy.
  pool.dispatch({ method, path: target, headers: fields }, new Receiver(performance.now(), counts, responseBytes))
}

const startMs = performance.now()
const total = (order.warmUpS + order.durationS) * order.requestsPerSecond
let sent = 0
const timer = setInterval(() => {
  const elapsedMs = performance.now() - startMs
  const due = Math.min(total, Math.floor((elapsedMs * order.requestsPerSecond) / 1000))
  for (; sent < due; sent++) {
    send(order.requests[sent % order.requests.length] as LoadRequest, sent >= order.warmUpS * order.requestsPerSecond)
  }
  if (sent < total || outstanding > 0) return
  clearInterval(timer)
  void pool.destroy().then(() => process.stdout.write(JSON.stringify({ latenciesMs, errors })))
}, TICK_MS)
