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
  /** One command has ended. */
  readonly command: (seconds: number, isAnswered: boolean) => void
  /** How it is, whenever that changes. `cause`: the last thing that went wrong. */
  readonly changed: (condition: RedisCondition, cause: unknown) => void
}

/** Who speaks and listens on the channel. */
export interface ChannelUser {
  /** The text of the next heartbeat, each second; undefined: those of others will do. */
  heartbeat(): string | undefined
  receive(message: string): void
  /** Messages may have been lost. */
  interrupted(): void
}

const HEARTBEAT_MS = 1000
/** So often the beat is followed by a write, and so long what was written stays. */
const PROBE_EVERY = 5
const PROBE_LIFE_MS = 10_000
/** Redis is away after so many failures without a success in between, and so long after the last. One node of a cluster is not all. */
const MAX_FAILURES = 3
const AWAY_AFTER_MS = 1000
/** So long away, or so many heartbeats sent and nothing heard: then the client is thrown away. Whatever it hangs on, a new one does not. */
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
  /** Beats sent since something was heard. */
  #unheard = 0
  #isAvailable = false
  readonly #closing = new AbortController()
  #wasReached = false
  #goodAtMs: number
  /** The last thing that went wrong. */
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

  /** Whether Redis was ever reached. */
  get wasReached(): boolean {
    return this.#wasReached
  }

  /**
   * Resolves once Redis was tried: when it is away, the link goes on trying. Rejects where Redis answers that it does not want
   * us, in words for the operator.
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

  /** Refuses commands from now on; resolves when nothing is open any more. */
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

  /** Sends one command. `key` says which node of a cluster. Rejects with `store-unavailable`. */
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

  /** Tells all who are subscribed. Resolves to whether Redis takes it; otherwise it is dropped. */
  publish(message: string): Promise<boolean> {
    return isTaken(this.call(this.#channel, 'PUBLISH', this.#channel, message))
  }

  async #heartbeat(user: ChannelUser): Promise<void> {
    const now = this.#monotonic()
    const isStuck = now - this.#goodAtMs > RENEW_AFTER_MS || this.#unheard > MAX_UNHEARD
    const isLeft = now - (this.#refusals.replicaSinceMs ?? now) > RENEW_AFTER_MS
    if (this.#driver === undefined || isStuck || isLeft) await this.#renew(!isStuck)
    try {
      // By another node of a cluster each time: one that is away must not speak for all.
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
      // Counted already; the next heartbeat comes in a second.
    }
  }

  /** `isRead`: the one before answers, and is read until the new one is there. */
  #renew(isRead = false): Promise<void> {
    this.#opening ??= this.#replaceDriver(isRead).finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #replaceDriver(isRead: boolean): Promise<void> {
    const before = this.#driver
    if (!isRead) {
      // Not waited for: whatever it hangs on, the new one does not.
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
    // Nothing to tell when all is well from the start.
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
