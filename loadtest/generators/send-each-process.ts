/** The process behind send-each.ts: reads an order on standard input, writes the outcome on standard output. */
import { json } from 'node:stream/consumers'
import { type Dispatcher, Pool } from 'undici'
import type { LoadRequest, Saturation } from '../load.ts'
import type { SendEachOrder } from './send-each.ts'

const order = (await json(process.stdin)) as SendEachOrder
const pool = new Pool(`http://127.0.0.1:${order.port}`, { connections: order.connections, pipelining: 1 })
const unsent = order.requests.values()
let errors = 0
let outstanding = 0

class Receiver implements Dispatcher.DispatchHandler {
  readonly #expectedBytes: number
  #status = 0
  #bytes = 0

  constructor(expectedBytes: number) {
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
    if (this.#status !== 200 || this.#bytes !== this.#expectedBytes) errors++
    answered()
  }

  onResponseError(): void {
    errors++
    answered()
  }
}

function answered(): void {
  outstanding--
  sendNext()
  if (outstanding === 0) void pool.destroy().then(report)
}

function sendNext(): void {
  const next = unsent.next()
  if (next.done) return
  const { method, target, fields, responseBytes }: LoadRequest = next.value
  outstanding++
  pool.dispatch({ method, path: target, headers: fields }, new Receiver(responseBytes))
}

function report(): void {
  const { user, system } = process.cpuUsage(before)
  const durationS = (performance.now() - startMs) / 1000
  const outcome: Saturation = { requests: order.requests.length, durationS, errors, generatorCpuUs: user + system }
  process.stdout.write(JSON.stringify(outcome))
}

// What it cost to read the order is not counted.
const before = process.cpuUsage()
const startMs = performance.now()
for (let connection = 0; connection < order.connections; connection++) sendNext()
