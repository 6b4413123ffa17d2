/** A worker: the proxy itself, started, asked and stopped by the supervisor. */
import cluster from 'node:cluster'
import { keepContents } from '../../config/files-read.ts'
import { type ProxyServer, startProxy } from '../app/proxy-server.ts'
import { causeChain } from '../cause-chain.ts'
import { type ExitCode, exitCode } from '../exit-codes.ts'
import { createLog } from '../observability/log.ts'
import { isOutputShareable, type LogOutput, openLogOutput } from '../observability/log-output.ts'
import { observeLogWrites } from '../observability/log-write-metrics.ts'
import { type ChangeMessage, changeFrom, messageOf } from '../store/change-message.ts'
import type { Changes } from '../store/changes.ts'
import { system } from '../system.ts'
import { endInTime } from './end-in-time.ts'
import { shortage } from './failure-in-words.ts'
import { missingPackage } from './missing-package.ts'
import type { DeskAnswer, FromWorker, Report, ToWorker } from './worker-messages.ts'

export function runWorker(): void {
  let failedWrites = 0
  const output = openLogOutput({ onError: () => failedWrites++ })
  const worker = new WorkerSide(output, () => failedWrites)
  process.on('message', (message: ToWorker) => void worker.receive(message))
  // Otherwise Node ends a worker whose supervisor is gone, even in the middle of a request.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
  // The supervisor is gone: no new connections will come, and requests in flight may finish.
  process.on('disconnect', () => void worker.drain(0, false))
  // Terminals, Windows consoles, and systemd with some settings signal the whole group; only the supervisor acts on it.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGBREAK', 'SIGHUP'] as const) process.on(signal, () => undefined)
}

class WorkerSide {
  readonly #output: LogOutput
  readonly #failedWrites: () => number
  #proxy: ProxyServer | undefined
  #changes: Changes | undefined
  /** Changes received from other processes before they can be applied here. */
  #heardEarly: ChangeMessage[] = []

  constructor(output: LogOutput, failedWrites: () => number) {
    this.#output = output
    this.#failedWrites = failedWrites
  }

  async receive(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'start':
        return this.#start(message)
      case 'report':
        return this.#report(message.question)
      case 'ask':
        return this.#answer(message)
      case 'change':
        return this.#hear(message.change)
      case 'drain':
        return this.drain(message.delayMs, message.listens)
      case 'kill':
        await this.#proxy?.kill()
        return this.#end(exitCode.done)
    }
  }

  async drain(delayMs: number, listens: boolean): Promise<void> {
    await this.#proxy?.drain(delayMs, listens)
    await this.#end(exitCode.done)
  }

  #hear(change: ChangeMessage): void {
    if (this.#changes === undefined) this.#heardEarly.push(change)
    else this.#changes.receive(changeFrom(change))
  }

  async #start({ config, files, given, told }: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
    keepContents(new Map(files.map(([name, content]) => [name, Buffer.from(content, 'base64')])))
    const log = createLog(config.logging, this.#output, system.now)
    const join = (changes: Changes) => {
      changes.connect(change => void this.#send({ kind: 'change', change: messageOf(change) }))
      this.#changes = changes
      for (const change of [...told, ...this.#heardEarly.splice(0)]) this.#hear(change)
    }
    try {
      const proxy = await startProxy(config, log, system, given, join)
      observeLogWrites(proxy.registry, this.#failedWrites)
      this.#proxy = proxy
      await this.#send({ kind: 'listening', port: proxy.port })
    } catch (error) {
      await this.#send({
        kind: 'failed',
        message: missingPackage(error) ?? shortage(error) ?? (error as Error).message,
      })
      await this.#end(exitCode.failed)
    }
  }

  async #report(question: number | undefined): Promise<void> {
    if (this.#proxy === undefined) return
    const report: Report = {
      metrics: await this.#proxy.registry.getMetricsAsJSON(),
      readiness: this.#proxy.readiness(),
    }
    await this.#send({ kind: 'report', question, report })
  }

  async #answer({ question, what, asked }: Extract<ToWorker, { kind: 'ask' }>): Promise<void> {
    const ask = this.#proxy?.desk?.[what] as ((asked: unknown) => unknown) | undefined
    let answer: DeskAnswer
    try {
      answer = ask === undefined ? { failure: 'this worker answers no questions' } : { value: await ask(asked) }
    } catch (error) {
      answer = { failure: causeChain(error as Error) }
    }
    await this.#send({ kind: 'answer', question, answer })
  }

  /** Ends with a final report, so that no counts are lost. */
  async #end(code: ExitCode): Promise<void> {
    await this.#report(undefined)
    // Without a supervisor, nobody reads the log, unless it is a file.
    if (process.connected || isOutputShareable()) await endInTime(this.#output.close())
    // Nor does anybody need the exit code; an orderly exit was seen to hang in that case.
    if (!process.connected) process.kill(process.pid, 'SIGKILL')
    process.exit(code)
  }

  #send(message: FromWorker): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    // Without a supervisor there is no receiver; the proxy continues until it ends.
    if (process.connected) process.send?.(message, undefined, {}, () => resolve())
    else resolve()
    return promise
  }
}
