/**
 * One worker as the supervisor sees it.
 *
 *   started --> "listening": listens, while it drains, too --> ended: its output was read to the end
 *      |                                                         ^
 *      +-- "failed", or it ends: `listening` rejects ------------+
 *
 * `listening` and `ended` settle once; a question that is open at the end is answered with undefined.
 */
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'
import { contentsFor } from '../../config/files-read.ts'
import type { Config } from '../../config/schema.ts'
import type { Asked, Question, Said } from '../app/operator-desk.ts'
import type { Surroundings } from '../clock.ts'
import type { ChangeMessage } from '../store/change-message.ts'
import { endInWords, failureInWords } from './failure-in-words.ts'
import { relayLines } from './line-relay.ts'
import { isUnresponsive } from './private-request.ts'
import { threadPoolSize } from './thread-pool.ts'
import type { FromWorker, MetricsSnapshot, Report, ToWorker } from './worker-messages.ts'

export interface WorkerEvents {
  onChange(worker: WorkerProcess, change: ChangeMessage): void
  /** It has ended, and its output was read to the end. */
  onEnd(worker: WorkerProcess): void
}

type Answer = Extract<FromWorker, { kind: 'report' | 'answer' }>

/** Of all workers of this supervisor: what a client has of one of them is good at the others. */
const TICKET_SECRET = randomBytes(32).toString('base64')

/** So long what a process has written may wait after its end, where the reader of the log stands still. */
const LAST_OUTPUT_MS = 5000

export class WorkerProcess {
  /** The port it listens on; rejects, in words for the operator, where it cannot. */
  readonly listening: Promise<number>
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** What it last told of its metrics. */
  lastMetrics: MetricsSnapshot | undefined
  isListening = false
  #hasListened = false
  /** How the process has ended: a signal, or its exit code. Undefined before, and of one that could not be ended. */
  howEnded: string | undefined
  readonly #worker: Worker
  readonly #questions = new Map<number, (answer: Answer | undefined) => void>()
  #nextQuestion = 0

  readonly #entrance: string | undefined
  readonly #giveUp: (error: Error) => void

  /** `output` takes its log, in whole lines; `entrance` is where it is asked whether it answers; `told`: see `ToWorker`. */
  constructor(
    config: Config,
    output: Writable,
    events: WorkerEvents,
    environment: Surroundings['environment'],
    entrance: string | undefined,
    told: readonly ChangeMessage[],
  ) {
    this.#entrance = entrance
    const worker = cluster.fork({ UV_THREADPOOL_SIZE: threadPoolSize(environment) })
    this.#worker = worker
    const { promise: listening, resolve, reject } = Promise.withResolvers<number>()
    this.#giveUp = reject
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.listening = listening
    this.ended = ended
    listening.catch(() => undefined)
    const handedOver = cluster.schedulingPolicy === cluster.SCHED_RR ? rememberHandle(worker) : () => undefined
    const { stdout } = worker.process
    // Null where it has that of the supervisor; undefined where the system gave no descriptors for it (EMFILE).
    if (stdout) relayLines(stdout, output)
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'listening') {
        this.isListening = true
        this.#hasListened = true
        resolve(message.port)
      } else if (message.kind === 'failed') {
        reject(new Error(message.message))
      } else if (message.kind === 'change') {
        events.onChange(this, message.change)
      } else if (message.kind === 'report') {
        // Messages of no kind of ours are Node's own: under `node --watch`, which files were imported.
        this.lastMetrics = message.report.metrics
        this.#questions.get(message.question ?? -1)?.(message)
      } else if (message.kind === 'answer') {
        this.#questions.get(message.question)?.(message)
      }
    })
    const over = (how: string) => {
      if (this.howEnded !== undefined) return
      this.isListening = false
      handedOver()
      this.howEnded = how
      reject(new Error(`a worker ${how}`))
      events.onEnd(this)
      for (const answer of this.#questions.values()) answer(undefined)
      end()
    }
    worker.on('error', error => {
      const why = failureInWords(error)
      reject(new Error(why, { cause: error }))
      // Of what was never a process there may be no end either (EMFILE).
      if (this.pid === undefined) over(`could not be started: ${why}`)
    })
    // What it wrote last is taken off while the log is; else nobody would learn of its end.
    let late: NodeJS.Timeout | undefined
    worker.process.on('exit', () => {
      late = setTimeout(() => stdout?.destroy(), LAST_OUTPUT_MS)
    })
    worker.process.on('close', (code, signal) => {
      clearTimeout(late)
      over(endInWords(signal, code, this.#hasListened))
    })
    const files = [...contentsFor(config)].map(([name, bytes]) => [name, bytes.toString('base64')] as const)
    this.#send({ kind: 'start', config, files, given: { entrance, ticketSecret: TICKET_SECRET }, told })
  }

  get pid(): number | undefined {
    return this.#worker.process.pid
  }

  /** Undefined where it does not answer in time. */
  async report(timeoutMs: number): Promise<Report | undefined> {
    const answer = await this.#ask(question => ({ kind: 'report', question }), timeoutMs)
    return answer?.kind === 'report' ? answer.report : undefined
  }

  /**
   * What the desk of the worker says. Rejects, in words for the operator, where it cannot say; undefined where it does
   * not answer in time.
   */
  async ask<What extends Question>(what: What, asked: Asked<What>, timeoutMs: number): Promise<Said<What> | undefined> {
    const message = await this.#ask(question => ({ kind: 'ask', question, what, asked }), timeoutMs)
    if (message?.kind !== 'answer') return undefined
    const { answer } = message
    if ('failure' in answer) throw new Error(answer.failure)
    return answer.value as Said<What>
  }

  /** Whether a real request gets no answer; one that does not listen yet is not asked. */
  async isUnresponsive(timeoutMs: number): Promise<boolean> {
    return this.isListening && this.#entrance !== undefined && isUnresponsive(this.#entrance, timeoutMs)
  }

  tell(change: ChangeMessage): void {
    this.#send({ kind: 'change', change })
  }

  /** See `ProxyServer.drain`. */
  drain(delayMs: number, listens: boolean): void {
    this.#send({ kind: 'drain', delayMs, listens })
  }

  /** Ends it at once; `hard`: without its last words. */
  kill(hard: boolean): void {
    if (!hard) return this.#send({ kind: 'kill' })
    // The system may not be able to end it.
    this.#giveUp(new Error('a worker did not answer, and was killed'))
    this.#worker.process.kill('SIGKILL')
  }

  async #ask(messageOf: (question: number) => ToWorker, timeoutMs: number): Promise<Answer | undefined> {
    const question = this.#nextQuestion++
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>()
    const timer = setTimeout(resolve, timeoutMs, undefined)
    this.#questions.set(question, resolve)
    this.#send(messageOf(question))
    const answer = await promise
    clearTimeout(timer)
    this.#questions.delete(question)
    return answer
  }

  #send(message: ToWorker): void {
    // One that ends just now cannot be told; that is seen at its end.
    if (this.#worker.isConnected()) this.#worker.send(message, undefined, () => undefined)
  }
}

/**
 * With round robin only, which hands over connections; else it is the listening socket, which must stay. A connection
 * handed to a worker that dies before it took it stays open in the supervisor, with nobody to serve it: its client
 * would wait for ever. Returns what closes it. One worker has one such connection at most: the next is handed over once
 * the one before was taken (lib/internal/cluster/round_robin_handle.js of Node).
 */
function rememberHandle(worker: Worker): () => void {
  const child = worker.process
  const send = child.send.bind(child) as (...given: unknown[]) => boolean
  let latest: { close(): void } | undefined
  Object.assign(child, {
    send(...given: unknown[]) {
      const handle = given[1]
      if (isClosable(handle)) latest = handle
      return send(...given)
    },
  })
  // Closing again what was taken, and so closed, does nothing.
  return () => latest?.close()
}

const isClosable = (handle: unknown): handle is { close(): void } =>
  typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function'
