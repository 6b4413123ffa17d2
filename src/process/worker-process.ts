/**
 * One worker as the supervisor sees it.
 *
 *   started --> "listening": listens, also while draining --> ended: its output was read to the end
 *      |                                                        ^
 *      +-- "failed", or it ends: `listening` rejects -----------+
 *
 * `listening` and `ended` settle once; a question still open at the end is answered with undefined.
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

/** Shared by all workers of this supervisor, so that tickets of one are valid at the others. */
const TICKET_SECRET = randomBytes(32).toString('base64')

/** How long output may remain unread after the process ended, if the reader of the log hangs. */
const LAST_OUTPUT_MS = 5000

export class WorkerProcess {
  /** The port it listens on; rejects, with a message for the operator, if it cannot. */
  readonly listening: Promise<number>
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
  /** Its last reported metrics. */
  lastMetrics: MetricsSnapshot | undefined
  isListening = false
  #hasListened = false
  /** How the process ended: a signal or an exit code. Undefined before that, and if it could not be ended. */
  howEnded: string | undefined
  readonly #worker: Worker
  readonly #questions = new Map<number, (answer: Answer | undefined) => void>()
  #nextQuestion = 0

  readonly #entrance: string | undefined
  readonly #giveUp: (error: Error) => void

  /** `output` gets its log, in whole lines; `entrance`: its socket for health checks; `told`: see `ToWorker`. */
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
    // Null if shared with the supervisor; undefined if there were no descriptors for it (EMFILE).
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
        // Other messages are Node's own: under `node --watch`, the names of imported files.
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
      // A process that was never created may not emit `exit` (EMFILE).
      if (this.pid === undefined) over(`could not be started: ${why}`)
    })
    // Waits a while for its last output to be read; without a limit, its end might never be reported.
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

  /** Undefined if it does not answer in time. */
  async report(timeoutMs: number): Promise<Report | undefined> {
    const answer = await this.#ask(question => ({ kind: 'report', question }), timeoutMs)
    return answer?.kind === 'report' ? answer.report : undefined
  }

  /**
   * Asks the worker's operator desk. Rejects, with a message for the operator, if that fails; undefined if the worker
   * does not answer in time.
   */
  async ask<What extends Question>(what: What, asked: Asked<What>, timeoutMs: number): Promise<Said<What> | undefined> {
    const message = await this.#ask(question => ({ kind: 'ask', question, what, asked }), timeoutMs)
    if (message?.kind !== 'answer') return undefined
    const { answer } = message
    if ('failure' in answer) throw new Error(answer.failure)
    return answer.value as Said<What>
  }

  /** Whether a real request gets no answer; false for a worker that does not listen yet. */
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

  /** Stops it immediately. `hard`: by SIGKILL, without its final report. */
  kill(hard: boolean): void {
    if (!hard) return this.#send({ kind: 'kill' })
    // The system may be unable to end it.
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
    // A worker that is ending cannot receive messages; its end is noticed anyway.
    if (this.#worker.isConnected()) this.#worker.send(message, undefined, () => undefined)
  }
}

/**
 * Only for round robin, which passes connections to workers; otherwise the handle is the listening socket, which must
 * stay open. If a worker dies before accepting a connection passed to it, that stays open in the supervisor and its
 * client would wait forever. Returns a function that closes it. At most one connection per worker is affected, because
 * Node passes the next one after the previous was accepted (lib/internal/cluster/round_robin_handle.js).
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
  // Closing a connection that was accepted, and thus closed here, does nothing.
  return () => latest?.close()
}

const isClosable = (handle: unknown): handle is { close(): void } =>
  typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function'
