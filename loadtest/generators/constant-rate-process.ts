/**
 * The process behind constant-rate.ts: reads an order on standard input, writes a line for each report on standard
 * output.
 */
import { resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import type { ConstantRate, LoadRequest } from '../load.ts'
import { AnswerReceiver } from './answer-receiver.ts'
import type { ConstantRateOrder } from './constant-rate.ts'
import { readLists } from './lists.ts'
import { monotonicMs } from './monotonic-ms.ts'
import type { Pace } from './pacer-thread.ts'
import { poolOf } from './pool.ts'

/**
 * Above 4,000/s requests go in small groups, when the last of a group is due: waking up costs nearly as much as
 * sending.
 */
const MIN_INTERVAL_MS = 0.25

const order = (await json(process.stdin)) as ConstantRateOrder
const pool = poolOf(order)
const anyones = readLists(order.lists ?? {})
const total = Math.floor((order.warmUpS + order.durationS) * order.requestsPerSecond)
const uncounted = order.warmUpS * order.requestsPerSecond
const intervalMs = 1000 / order.requestsPerSecond
let latenciesMs: number[] = []
let latenessMs: number[] = []
let errors = 0
let bytes = 0
let outstanding = 0
let sent = 0

function send({ method, target, fields, content, responseBytes }: LoadRequest, dueAtMs: number): void {
  const counts = sent >= uncounted
  if (counts) latenessMs.push(monotonicMs() - dueAtMs)
  outstanding++
  const request = { method, path: target, headers: fields, ...(content !== undefined && { body: content }) }
  const onAnswer = (isRight: boolean) => {
    if (!isRight) errors++
    else if (counts) {
      latenciesMs.push(monotonicMs() - dueAtMs)
      bytes += responseBytes + (content?.length ?? 0)
    }
    answered()
  }
  pool.dispatch(request, new AnswerReceiver(responseBytes, onAnswer))
}

function sendUntil({ startMs }: Pace, elapsedMs: number): void {
  // The first is due one interval after the start; half a microsecond is room for rounding.
  for (; sent < total && (sent + 1) * intervalMs <= elapsedMs + 0.0005; sent++)
    send(anyones(order.requests[sent % order.requests.length] as LoadRequest), startMs + (sent + 1) * intervalMs)
  if (sent === total) void pacer.terminate()
}

function report(): void {
  process.stdout.write(`${JSON.stringify({ latenciesMs, latenessMs, errors, bytes } satisfies ConstantRate)}\n`)
  latenciesMs = []
  latenessMs = []
  errors = 0
  bytes = 0
}

function answered(): void {
  outstanding--
  if (sent < total || outstanding > 0) return
  clearInterval(reporter)
  report()
  void pool.destroy()
}

const { reportEveryS } = order
const reporter = reportEveryS === undefined ? undefined : setInterval(report, reportEveryS * 1000)
const workerData = { intervalMs: Math.max(intervalMs, MIN_INTERVAL_MS) }
const pacer = new Worker(resolve(import.meta.dirname, 'pacer-thread.ts'), { workerData })
pacer.once('message', (pace: Pace) => {
  pacer.on('message', (wakeUp: number) => sendUntil(pace, wakeUp * pace.intervalMs))
})
