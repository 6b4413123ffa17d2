/** The process behind send-each.ts: reads an order on standard input, writes the outcome on standard output. */
import { json } from 'node:stream/consumers'
import type { LoadRequest, Saturation } from '../load.ts'
import { AnswerReceiver } from './answer-receiver.ts'
import { poolOf } from './pool.ts'
import type { SendEachOrder } from './send-each.ts'

const order = (await json(process.stdin)) as SendEachOrder
const pool = poolOf(order)
const unsent = order.requests.values()
let errors = 0
let outstanding = 0

function answered(isRight: boolean): void {
  if (!isRight) errors++
  outstanding--
  sendNext()
  if (outstanding === 0) void pool.destroy().then(report)
}

function sendNext(): void {
  const next = unsent.next()
  if (next.done) return
  const { method, target, fields, responseBytes }: LoadRequest = next.value
  outstanding++
  pool.dispatch({ method, path: target, headers: fields }, new AnswerReceiver(responseBytes, answered))
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
