/**
 * The process that people and service managers deal with. It serves no requests: it keeps the workers running, starts
 * new ones for a new configuration, and answers at the admin listener for all of them.
 *
 *   supervisor: configuration, signals, /metrics, /livez, /readyz, /operator, log of all
 *     +- worker   one per core, all on one port; each a complete proxy, replaced when it dies
 *     +- worker
 *
 *   reload: A current --> B starts, A serves --> all of B listen: B current, A drains --> A has ended
 *                              +-- B fails: B drains, A stays current
 *           more than maxDrainingReloads drain --> the oldest is ended
 *
 * Invariant: one generation is current; `#generations` holds it, those that drain, and the one that starts. Reloads run
 * one at a time: requests during one cause a single reload after it. After drain() or kill(), there is none.
 */
import { availableParallelism } from 'node:os'
import type { Logger } from 'pino'
import { contentsFor, withContents } from '../../config/files-read.ts'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { operatorForms } from '../app/operator-forms.ts'
import type { Surroundings } from '../clock.ts'
import { besideItself } from '../listener/listen-problem.ts'
import type { SharedLogOutput } from '../observability/shared-log-output.ts'
import { adminRefusals } from './admin-refusals.ts'
import type { AdminServer } from './admin-server.ts'
import { ConfigWatch } from './config-watch.ts'
import { DrainingGenerations } from './draining-generations.ts'
import { Health } from './health.ts'
import { logFileWarnings } from './log-file-warnings.ts'
import { SupervisorMetrics } from './supervisor-metrics.ts'
import { ToldEndings } from './told-endings.ts'
import { WorkerAnswers } from './worker-answers.ts'
import { Generation } from './worker-generation.ts'
import { setUpWorkers } from './worker-setup.ts'
import { workersDesk } from './workers-desk.ts'

export interface SupervisorParts {
  readonly fileName: string
  readonly config: Config
  readonly log: Logger
  /** Takes the records of all workers. */
  readonly output: SharedLogOutput
  readonly surroundings: Surroundings
  /** Program that workers run. */
  readonly workerProgram: string
}

export class Supervisor {
  readonly #parts: SupervisorParts
  readonly #metrics: SupervisorMetrics
  readonly #answers = new WorkerAnswers()
  readonly #told: ToldEndings
  readonly #health: Health
  #generation: Generation
  /** Being started by a reload. */
  #starting: Generation | undefined
  readonly #draining: DrainingGenerations
  readonly #generations = new Set<Generation>()
  #admin: AdminServer | undefined
  readonly #files: ConfigWatch
  #reloading: Promise<void> | undefined
  #reloadAsked: string | undefined // Why; undefined once it has begun.
  /** Settles with the start, because two generations starting at once would end each other. */
  readonly #started = Promise.withResolvers<void>()
  readonly #reloads = { success: 0, failure: 0 }
  #isStopping = false
  #port = 0

  constructor(parts: SupervisorParts) {
    this.#parts = parts
    this.#files = new ConfigWatch(parts.fileName, () => this.reload('file'))
    setUpWorkers(parts.workerProgram)
    const { surroundings, log, output } = parts
    this.#told = new ToldEndings(surroundings.monotonic)
    this.#draining = new DrainingGenerations(log, generation => this.#generations.delete(generation))
    this.#metrics = new SupervisorMetrics({
      config: () => this.#generation.config,
      workers: () => this.#generation.listeningCount,
      workersWanted: () => workerCount(this.#generation.config),
      failedLogWrites: () => output.failedWrites,
      startedAtMs: surroundings.now(),
    })
    const generations = () => [this.#generation, ...(this.#starting === undefined ? [] : [this.#starting])]
    this.#health = new Health({ surroundings, log, metrics: this.#metrics, generations })
    this.#generation = this.#newGeneration(parts.config)
  }

  /** Rejects, with a message for the operator, if it cannot start; nothing is left running then. */
  async start(): Promise<void> {
    try {
      const { config } = this.#parts
      const listening = this.#generation.start(workerCount(config))
      const [port, admin] = await Promise.all([listening, this.#newAdminServer()])
      this.#port = port
      await openAdmin(admin, config)
      this.#files.inForce(config)
    } catch (error) {
      await this.kill()
      throw error
    }
    // Told to stop in the meantime, before everything was open.
    if (this.#isStopping) return this.kill()
    this.#started.resolve()
    this.#health.start()
    this.#parts.log.info({
      'event.action': 'start',
      'server.port': this.#port,
      'torhaus.admin_port': this.#admin?.port,
    })
  }

  /** Reloads the configuration. One with problems changes nothing. */
  reload(reason: string): void {
    if (this.#isStopping) return
    this.#reloadAsked = reason
    this.#reloading ??= this.#reloadWhileAsked().finally(() => {
      this.#reloading = undefined
    })
  }

  /** Resolves when requests in flight have ended and everything is closed. `isDelayed`: first waits `drainDelayMs`. */
  async drain(isDelayed: boolean): Promise<void> {
    const delayMs = isDelayed ? this.#generation.config.listener.drainDelayMs : 0
    this.#isStopping = true
    this.#started.resolve()
    this.#health.stopping()
    this.#files[Symbol.dispose]()
    // A generation that is starting ends as well; otherwise draining could not begin before it listens.
    await Promise.all([...this.#generations].map(generation => generation.drain(delayMs, true)))
    await this.#reloading
    await this.#draining.ended()
    await this.kill()
  }

  /** Stops everything immediately; also cleans up after a drain or a failed start. */
  async kill(): Promise<void> {
    this.#isStopping = true
    this.#started.resolve()
    this.#files[Symbol.dispose]()
    await Promise.all([...this.#generations].map(generation => generation.kill()))
    this.#health.close()
    await this.#admin?.close()
  }

  /** Called while workers start, because loading its code takes a part of that time. */
  async #newAdminServer(): Promise<AdminServer> {
    const { log, surroundings } = this.#parts
    const { AdminServer } = await import('./admin-server.ts')
    this.#admin = new AdminServer({
      metrics: async accept => this.#metrics.exposition(await this.#answers.states(this.#generations), accept),
      readiness: () =>
        this.#answers.readiness(this.#generation, workerCount(this.#generation.config), () => this.#isStopping),
      onWrongCredential: adminRefusals(log, this.#metrics, surroundings.monotonic),
      isAlive: () => this.#health.isAlive,
      monotonic: surroundings.monotonic,
      reloads: () => this.#reloads,
      operator: {
        desk: workersDesk(
          () => this.#generation.workers,
          () => [...this.#generations].flatMap(({ workers }) => [...workers]),
        ),
        snapshot: async () => this.#metrics.snapshot(await this.#answers.states(this.#generations)),
        ...{ forms: operatorForms(surroundings.now), now: surroundings.now },
      },
    })
    return this.#admin
  }

  #newGeneration(config: Config): Generation {
    const { log, output, surroundings } = this.#parts
    const generation = new Generation(
      config,
      output,
      {
        onChange: (from, change) => {
          this.#told.note(change)
          for (const { workers } of this.#generations)
            for (const worker of workers) if (worker !== from) worker.tell(change)
        },
        onEnd: (worker, restartInMs) => {
          this.#metrics.keep(worker.lastMetrics)
          if (restartInMs === undefined) return
          this.#metrics.restarted()
          log.error({
            'event.action': 'worker-died',
            'torhaus.worker': worker.pid,
            'torhaus.restart_in_ms': restartInMs,
            'error.message': worker.howEnded,
          })
        },
        onFailed: error => log.error({ 'event.action': 'worker-failed', 'error.message': error.message }),
        newEntrance: () => this.#health.newEntrance(),
        told: () => this.#told.lately(),
      },
      surroundings,
    )
    this.#generations.add(generation)
    return generation
  }

  async #reloadWhileAsked(): Promise<void> {
    await this.#started.promise
    for (let reason = this.#reloadAsked; reason !== undefined && !this.#isStopping; reason = this.#reloadAsked) {
      this.#reloadAsked = undefined
      const why = { 'torhaus.reason': reason }
      const succeeded = await this.#reloadOnce(why).catch((error: Error) => {
        if (!this.#isStopping) this.#parts.log.error({ ...REFUSED, ...why, 'error.message': error.message })
        return false
      })
      this.#metrics.reloaded(succeeded)
      this.#reloads[succeeded ? 'success' : 'failure']++
    }
  }

  async #reloadOnce(why: { readonly 'torhaus.reason': string }): Promise<boolean> {
    const { fileName, surroundings, log } = this.#parts
    const loaded = loadConfig(fileName, surroundings.environment)
    if (!loaded.ok) {
      this.#files.refused(loaded.files)
      for (const { line, path, message } of loaded.diagnostics)
        log.error({
          ...{ ...REFUSED, ...why },
          ...{ 'torhaus.config_line': line, 'torhaus.config_path': path, 'error.message': message },
        })
      return false
    }
    const { config, files } = loaded
    logFileWarnings(log, config, surroundings.now())
    const next = this.#newGeneration(config)
    this.#starting = next
    try {
      this.#port = await next.start(workerCount(config))
      if (this.#admin !== undefined) await openAdmin(this.#admin, config)
    } catch (error) {
      this.#files.refused(files)
      this.#draining.add(next, 0)
      throw besideItself(error as Error, config.listener, this.#generation.config.listener)
    } finally {
      this.#starting = undefined
    }
    const old = this.#generation
    this.#generation = next
    this.#files.inForce(config)
    this.#draining.add(old, old.config.listener.drainDelayMs)
    this.#draining.keep(config.listener.maxDrainingReloads)
    log.level = config.logging.level
    log.info({ 'event.action': 'reload', 'event.outcome': 'success', ...why })
    return true
  }
}

const REFUSED = { 'event.action': 'reload', 'event.outcome': 'failure' } as const

const workerCount = ({ listener }: Config) => listener.workers ?? availableParallelism()

/** `open` reads all files before its first await, so `withContents` covers it. */
const openAdmin = (server: AdminServer, config: Config) =>
  withContents(contentsFor(config), () => server.open(config.admin))
