/**
 * The connection to Redis for all stores. Commands are bounded in time, and fail at once while Redis is unreachable.
 *
 *   available --> only failures for a second --> away: commands are refused at once
 *       ^                                           |
 *       +------ the heartbeat, once a second, works -----+     for long: the driver is opened again
 *
 * A heartbeat is a message on the channel that every process hears, including its sender. It shows that commands work
 * and messages arrive, and its number shows that none was lost. If many processes send them, some are a PING instead.
 * Every few heartbeats also write something, because a Redis that is full or no longer master answers everything else.
 * After a failover, the name may lead to another server; the driver is then opened again after the same time, too.
 */
import type { MonotonicClock, Surroundings } from '../clock.ts'
import { Fault } from '../errors.ts'
import { isAnswer, isRefusal, type RedisCondition, RedisRefusals, replyCode } from './redis-condition.ts'
import { openRedisDriver, type RedisDriver, type RedisSettings, type Subscription } from './redis-driver.ts'
import type { RedisNames } from './redis-names.ts'
import { isTaken } from './redis-reply.ts'
import type { RedisScript } from './redis-script.ts'
import type { RedisServer } from './redis-servers.ts'

export interface RedisReport {
  /** Called at the end of each command. */
  readonly command: (seconds: number, isAnswered: boolean) => void
  /** Called whenever the condition changes. `cause`: the last error. */
  readonly changed: (condition: RedisCondition, cause: unknown) => void
}

/** Sends and receives on the channel. */
export interface ChannelUser {
  /** The text of the next heartbeat, each second; undefined: those of other processes suffice. */
  heartbeat(): string | undefined
  receive(message: string): void
  /** Messages may have been lost. */
  interrupted(): void
}

const HEARTBEAT_MS = 1000
/** A write follows every so many heartbeats, and expires after this time. */
const PROBE_EVERY = 5
const PROBE_LIFE_MS = 10_000
/** Redis is unavailable after this many failures, this long after the last success: one cluster node is not all. */
const MAX_FAILURES = 3
const AWAY_AFTER_MS = 1000
/** After this time without success, or this many heartbeats unheard, the client is replaced, in case it hangs. */
const RENEW_AFTER_MS = 10_000
const MAX_UNHEARD = 5

export class RedisConnection implements AsyncDisposable {
  readonly #settings: RedisSettings
  readonly #channel: string
  readonly #probe: string
  readonly #refusals: RedisRefusals
  readonly #report: RedisReport
  readonly #monotonic: MonotonicClock
  readonly #means: Pick<Subscription, 'channel' | 'lookup' | 'random'>
  #user: ChannelUser | undefined
  #driver: RedisDriver | undefined
  #opening: Promise<void> | undefined
  #heartbeatTimer: NodeJS.Timeout | undefined
  #failures = 0
  #heartbeats = 0
  /** Heartbeats sent since the last message was received. */
  #unheard = 0
  #isAvailable = false
  readonly #closing = new AbortController()
  #wasReached = false
  #goodAtMs: number
  /** The last error. */
  #cause: unknown

  constructor(
    settings: RedisSettings,
    names: Pick<RedisNames, 'channel' | 'probe'>,
    report: RedisReport,
    { monotonic, random, lookup }: Pick<Surroundings, 'monotonic' | 'random'> & Pick<Subscription, 'lookup'>,
  ) {
    this.#settings = settings
    this.#channel = names.channel
    this.#probe = names.probe
    this.#refusals = new RedisRefusals(monotonic, cause => {
      if (this.#isAvailable) report.changed(this.condition, cause)
    })
    this.#report = report
    this.#monotonic = monotonic
    this.#means = { channel: names.channel, random, lookup }
    this.#goodAtMs = monotonic()
  }

  get condition(): RedisCondition {
    return this.#isAvailable ? (this.#refusals.current ?? 'available') : 'away'
  }

  /** Whether Redis has ever been reached. */
  get wasReached(): boolean {
    return this.#wasReached
  }

  /**
   * Resolves after the first attempt; if Redis is unavailable, attempts continue. Rejects, with a message for the
   * operator, if Redis refuses the user or the password.
   */
  async open(user: ChannelUser): Promise<void> {
    this.#user = user
    await this.#renew()
    if (this.#closing.signal.aborted) return
    if (isRefusal(this.#cause) && !this.#isAvailable) {
      await this.close()
      throw new Error(`Redis refuses the user or the password: ${(this.#cause as Error).message}`)
    }
    if (!this.#isAvailable) this.#report.changed('away', this.#cause)
    this.#heartbeatTimer = setInterval(() => void this.#heartbeat(user), HEARTBEAT_MS).unref()
  }

  /** Refuses commands from now on; resolves when everything is closed. */
  async close(): Promise<void> {
    const driver = this.#driver
    this.#driver = undefined
    this.#isAvailable = false
    clearInterval(this.#heartbeatTimer)
    this.#closing.abort()
    await Promise.all([driver?.close(), this.#opening])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  servers(): readonly RedisServer[] {
    return this.#driver?.servers() ?? []
  }

  /** Sends one command. `key` selects the node of a cluster. Rejects with `store-unavailable`. */
  async call(key: string, ...args: readonly string[]): Promise<unknown> {
    if (!this.#isAvailable) throw new Fault('store-unavailable', this.#cause)
    return this.#send(key, args)
  }

  /** Runs a script on keys of one hash slot. Rejects with `store-unavailable`. */
  async run(
    { sha, source }: RedisScript,
    keys: readonly [string, ...string[]],
    ...args: readonly (string | number)[]
  ): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)]
    try {
      return await this.call(keys[0], 'EVALSHA', sha, ...rest)
    } catch (error) {
      if (!(error instanceof Fault) || replyCode(error.cause) !== 'NOSCRIPT') throw error
      return this.call(keys[0], 'EVAL', source, ...rest)
    }
  }

  /** Sends to all subscribers. Resolves to whether Redis accepted the message; otherwise it is dropped. */
  publish(message: string): Promise<boolean> {
    return isTaken(this.call(this.#channel, 'PUBLISH', this.#channel, message))
  }

  async #heartbeat(user: ChannelUser): Promise<void> {
    const now = this.#monotonic()
    const isStuck = now - this.#goodAtMs > RENEW_AFTER_MS || this.#unheard > MAX_UNHEARD
    const isLeft = now - (this.#refusals.replicaSinceMs ?? now) > RENEW_AFTER_MS
    if (this.#driver === undefined || isStuck || isLeft) await this.#renew(!isStuck)
    try {
      // Via another node of a cluster each time, so that a single unavailable one does not decide.
      const beat = user.heartbeat()
      const command = beat === undefined ? ['PING'] : ['PUBLISH', this.#channel, beat]
      await this.#send(`${this.#channel} ${this.#heartbeats++}`, command)
      this.#unheard++
      if (this.#refusals.current !== undefined || this.#heartbeats % PROBE_EVERY === 0) {
        await this.#send(this.#probe, ['SET', this.#probe, '1', 'PX', String(PROBE_LIFE_MS)]).then(
          () => this.#refusals.wrote(),
          ({ cause }: Fault) => this.#refusals.probeFailed(cause),
        )
      }
    } catch {
      // Counted in `#send`; the next heartbeat follows in a second.
    }
  }

  /** `isRead`: the old client still answers, and is used until the new one is open. */
  #renew(isRead = false): Promise<void> {
    this.#opening ??= this.#replaceDriver(isRead).finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #replaceDriver(isRead: boolean): Promise<void> {
    const before = this.#driver
    if (!isRead) {
      // Not awaited: the old client may hang, and the new one does not need it.
      void before?.close()
      this.#driver = undefined
    }
    this.#unheard = 0
    this.#refusals.connected()
    const receive = (message: string) => {
      this.#unheard = 0
      this.#user?.receive(message)
    }
    try {
      const connected = () => this.#user?.interrupted()
      const driver = await openRedisDriver(this.#settings, { ...this.#means, receive, connected }, this.#closing.signal)
      if (this.#closing.signal.aborted) return await driver.close()
      this.#driver = driver
      if (isRead) void before?.close()
      this.#succeeded()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #send(key: string, args: readonly string[]): Promise<unknown> {
    const driver = this.#driver
    if (driver === undefined) throw new Fault('store-unavailable', this.#cause)
    const startedAtMs = this.#monotonic()
    try {
      const reply = await this.#bounded(driver.send(key, args))
      this.#report.command((this.#monotonic() - startedAtMs) / 1000, true)
      this.#succeeded()
      return reply
    } catch (error) {
      const isAnswered = isAnswer(error)
      if (replyCode(error) !== 'NOSCRIPT') this.#report.command((this.#monotonic() - startedAtMs) / 1000, false)
      if (!isAnswered) this.#failed(error)
      this.#refusals.failed(error, args[0])
      throw new Fault('store-unavailable', error)
    }
  }

  #bounded<T>(answer: Promise<T>): Promise<T> {
    const { commandTimeoutMs } = this.#settings
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${commandTimeoutMs} ms`)), commandTimeoutMs)
      answer.then(resolve, reject).finally(() => clearTimeout(timer))
    })
  }

  #succeeded(): void {
    this.#failures = 0
    this.#goodAtMs = this.#monotonic()
    if (this.#isAvailable) return
    this.#isAvailable = true
    // Nothing is reported if Redis was reachable from the start.
    if (this.#wasReached || this.#cause !== undefined) this.#report.changed(this.condition, undefined)
    this.#wasReached = true
  }

  #failed(cause: unknown): void {
    this.#cause = cause
    this.#failures++
    if (!this.#isAvailable) return
    const isForLong = this.#failures >= MAX_FAILURES && this.#monotonic() - this.#goodAtMs >= AWAY_AFTER_MS
    if (this.#driver !== undefined && !isForLong) return
    this.#isAvailable = false
    this.#report.changed('away', cause)
  }
}
