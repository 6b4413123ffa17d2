/**
 * What the faults of the store happen to: instances of Torhaus on one store, and an OP whose refresh tokens are good
 * once. With Redis two instances of one worker, whose second one has a clock that can be set; with SQLite one instance
 * of two workers, whose file lies on a small disk.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { BrowserClient } from '../clients/browser-client.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { type LyingOp, startLyingOp } from '../op/lying-op.ts'
import { startEchoOrigin } from '../origin/echo-origin.ts'
import { type RedisProcess, startRedis } from '../redis/redis-process.ts'
import { freePort, freePorts } from '../torhaus/free-port.ts'
import { mountSmallDisk, type SmallDisk } from '../torhaus/small-disk.ts'
import { torhausConfig, writeTorhausConfig } from '../torhaus/torhaus-config.ts'
import { FakeClock } from './fake-clock.ts'
import { Instance } from './instance.ts'

/** How long a session read from the store is believed. */
export const CACHE_MS = 500
const REFRESH_INTERVAL_S = 10
/** Room for the write-ahead log, which is kept up to 4 MB. */
const DISK_KIB = 16_384
/** A question that the OP leaves open for longer would be given up. */
const HELD_MS = 3000
const MANY = 3
/** Longer than a lease, which one that failed may have left. */
const PATIENCE_MS = 40_000

export interface StateEnvironment {
  readonly publicUrl: string
  readonly instances: readonly Instance[]
  readonly op: LyingOp
  /** With Redis. */
  readonly redis?: RedisProcess
  /** Of the last instance, with Redis. */
  readonly clock?: FakeClock
  /** With SQLite. */
  readonly disk?: SmallDisk
  readonly databaseFile?: string
  /** Somebody signs in who nobody else is. */
  newPerson(): Promise<BrowserClient>
  /** From now on the OP answers no question for new tokens; call `answer` soon. */
  hold(): void
  /** Resolves while the OP has questions for new tokens, several where they come soon, and answers none; call `answer`. */
  refreshesUnderWay(): Promise<void>
  /** The OP answers, now and from now on. */
  answer(): void
  close(): Promise<void>
}

export async function startStateEnvironment(store: 'redis' | 'sqlite'): Promise<StateEnvironment> {
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-chaos-')
  undo.defer(remove)
  const op = await startLyingOp()
  undo.defer(() => op.close())
  const origin = await startEchoOrigin()
  undo.defer(() => origin.close())
  const [redis, clock, disk] =
    store === 'redis'
      ? [
          await startRedis({ lines: ['appendonly yes', 'appendfsync always'] }),
          await FakeClock.in(directory),
          undefined,
        ]
      : [undefined, undefined, undo.use(await mountSmallDisk(DISK_KIB))]
  if (redis !== undefined) undo.defer(() => redis.close())
  const databaseFile = disk && join(disk.directory, 'store.sqlite')
  const kept =
    redis === undefined
      ? { kind: 'sqlite', sqlite: { file: databaseFile } }
      : { kind: 'redis', redis: { urls: [redis.url] } }
  const publicPort = await freePort()
  const clientSecret = randomBytes(24).toString('base64url')
  const setting = {
    port: publicPort,
    adminPort: 0,
    issuer: op.issuer,
    clientSecret,
    directory,
    upstreamUrl: origin.url,
  }
  await writeTorhausConfig(setting)
  const usual = torhausConfig(setting)
  const start = async (name: string, port: number, workers: number, environment: NodeJS.ProcessEnv) => {
    const [adminPort] = await freePorts()
    const config = {
      ...usual,
      listener: { ...usual.listener, port, workers },
      admin: { host: '127.0.0.1', port: adminPort },
      oidc: { ...usual.oidc, refreshIntervalSeconds: REFRESH_INTERVAL_S, refreshGraceSeconds: 60 },
      session: { ...usual.session, cacheMs: CACHE_MS, store: kept },
      upstream: { ...usual.upstream, identity: { kind: 'none' } },
    }
    const file = join(directory, `${name}.yaml`)
    await writeFile(file, stringify(config))
    const instance = new Instance(file, port, adminPort, join(directory, `${name}.log`), environment)
    await instance.start()
    undo.defer(() => instance.killAll())
    return instance
  }
  const instances = [await start('one', publicPort, store === 'redis' ? 1 : 2, {})]
  if (clock !== undefined) instances.push(await start('two', await freePort(), 1, clock.environment))

  const { publicUrl } = usual
  let people = 0
  let [isHeld, before] = [false, 0]
  const hold = () => {
    if (!isHeld) before = op.requests.refreshes
    isHeld = true
    op.onRefresh('wait')
  }
  const whole = undo.move()
  return {
    ...{ publicUrl, instances, op },
    ...(redis && { redis }),
    ...(clock && { clock }),
    ...(disk && databaseFile && { disk, databaseFile }),
    async newPerson() {
      op.welcome(`person-${people++}`)
      const browser = new BrowserClient()
      const { status } = await browser.get(`${publicUrl}/`)
      if (status !== 200) throw new Error(`the sign-in was answered ${status}`)
      return browser
    },
    hold,
    async refreshesUnderWay() {
      hold()
      const asked = () => op.requests.refreshes - before
      for (const deadline = Date.now() + PATIENCE_MS; asked() === 0; await sleep(20))
        if (Date.now() > deadline) throw new Error('nobody asks the OP for new tokens')
      for (const deadline = Date.now() + HELD_MS; asked() < MANY && Date.now() < deadline; ) await sleep(20)
    },
    answer() {
      isHeld = false
      op.onRefresh('grant')
      op.answer()
    },
    close: () => whole.disposeAsync(),
  }
}
