/** A Torhaus inside the test process, with a real OP: for tests that speak to it over sockets and read its log. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../config/load.ts'
import type { Clock, MonotonicClock } from '../../src/clock.ts'
import { createLog } from '../../src/observability/log.ts'
import { system } from '../../src/system.ts'
import type { OpUser } from '../op/accounts.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { freePort } from './free-port.ts'
import { startTorhaus, type Torhaus } from './in-process-torhaus.ts'
import { agreed, torhausAddresses, torhausClient, type torhausConfig, writeTorhausConfig } from './torhaus-config.ts'

export type TorhausFixture = {
  /** Public URL, without a slash at the end. */
  readonly url: string
  /** That of our own pages. */
  readonly pagesUrl: string
  readonly port: number
  readonly adminUrl: string
  readonly op: OpenIdProvider
  readonly users: Readonly<Record<'ada' | 'carol', OpUser>>
  /** Log records so far, and a wait for one to come: the access record is written after the client has its answer. */
  readonly log: readonly LogRecord[]
  logged(matches: (record: LogRecord) => boolean): Promise<LogRecord>
  readonly torhaus: Torhaus
  /** The configuration; the files it names lie beside it. */
  readonly configFile: string
  /**
   * Stops Torhaus and starts it again, with whatever is in the files now. `change` may return another configuration,
   * which stays.
   */
  restart(change?: (config: object) => object): Promise<void>
  close(): Promise<void>
}

export type LogRecord = Readonly<Record<string, unknown>>

export type FixtureOptions = {
  readonly upstreamUrl: string
  /** Changes the usual configuration. */
  readonly configure?: (config: ReturnType<typeof torhausConfig>) => object
  /** Clock of Torhaus; the OP goes by the real time, unless `opNow` says when people sign in there. */
  readonly now?: Clock
  /** Default: as `now`. */
  readonly monotonic?: MonotonicClock
  readonly opNow?: Clock
  /** Address of an OP of the test's own, in place of a working one: for an OP that is away or lies. */
  readonly issuer?: string
  /** Port the upstream must know beforehand, e.g. for the JWK set. */
  readonly port?: number
  /** Our own pages have a host of their own. */
  readonly ownHost?: boolean
}

/** `ada` has a second factor; `carol` has none. */
const users = {
  ada: { name: 'ada', password: 'correct horse', totpSecret: newTotpSecret(randomBytes) },
  carol: { name: 'carol', password: 'battery staple' },
}

export async function startTorhausFixture(options: FixtureOptions): Promise<TorhausFixture> {
  const [port, adminPort] = [options.port ?? (await freePort()), await freePort()]
  const addresses = torhausAddresses(port, options.ownHost)
  const { publicUrl, pagesUrl } = addresses
  const clientSecret = randomBytes(24).toString('base64url')
  const op = await startOpenIdProvider({
    users: Object.values(users),
    audience: agreed.audience,
    ...(options.opNow === undefined ? {} : { now: options.opNow }),
    clients: [
      torhausClient(addresses, clientSecret, true),
      // Public, for git on people's computers.
      { clientId: agreed.deviceClientId, redirectUris: ['http://127.0.0.1'], metadata: { application_type: 'native' } },
    ],
  })
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-test-'))
  const issuer = options.issuer ?? op.issuer
  const { upstreamUrl, ownHost = false } = options
  const setting = { port, adminPort, issuer, clientSecret, directory, upstreamUrl, ownHost }
  const fileName = await writeTorhausConfig(setting, options.configure)
  const { log, stream, waiters } = collectLog()
  const clear = async () => {
    await op.close()
    await rm(directory, { recursive: true, force: true })
  }
  const start = async () => {
    const loaded = loadConfig(fileName, {})
    assert.ok(loaded.ok, JSON.stringify(loaded))
    return startTorhaus(
      loaded.config,
      createLog({ level: 'debug' }, stream, system.now),
      options.now,
      options.monotonic,
    )
  }
  let torhaus = await start().catch(async (error: unknown) => {
    await clear()
    throw error
  })
  return {
    url: publicUrl,
    pagesUrl,
    port,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    op,
    users,
    log,
    get torhaus() {
      return torhaus
    },
    configFile: fileName,
    async restart(change = config => config) {
      await torhaus.kill()
      await writeFile(fileName, stringify(change(parse(await readFile(fileName, 'utf8')))))
      torhaus = await start()
    },
    logged: matches =>
      new Promise(resolve => {
        const found = log.find(matches)
        if (found !== undefined) resolve(found)
        else
          waiters.add(record => {
            const isIt = matches(record)
            if (isIt) resolve(record)
            return isIt
          })
      }),
    async close() {
      await torhaus.kill()
      await clear()
    },
  }
}

function collectLog() {
  const log: LogRecord[] = []
  const waiters = new Set<(record: LogRecord) => boolean>()
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().split('\n').filter(Boolean)) {
        const record = JSON.parse(line) as LogRecord
        log.push(record)
        for (const waiter of waiters) if (waiter(record)) waiters.delete(waiter)
      }
      done()
    },
  })
  return { log, stream, waiters }
}
