/**
 * Torhaus as it runs: supervisor and workers as processes of their own, between a real OP and an origin that remembers.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { newTotpSecret } from '../../devkit/op/totp.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { type EchoOrigin, startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import {
  agreed,
  torhausAddresses,
  torhausClient,
  type torhausConfig,
  writeTorhausConfig,
} from '../../devkit/torhaus/torhaus-config.ts'
import type { LogRecord } from '../../devkit/torhaus/torhaus-fixture.ts'
import { mainProgram } from '../../devkit/torhaus/torhaus-program.ts'

/** For waiting only: what takes longer has gone wrong. */
const PATIENCE_MS = 90_000
const POLL_MS = 25

export type Configure = (config: ReturnType<typeof torhausConfig>) => object

export type WorkersLab = {
  readonly url: string
  readonly port: number
  /** `host:port` of the admin listener. */
  readonly adminAddress: string
  readonly directory: string
  readonly configFile: string
  /** Where private entrances are made. */
  readonly runtime: string
  readonly origin: EchoOrigin
  readonly op: OpenIdProvider
  readonly supervisor: ChildProcess
  /** Standard output so far, as lines; the last may be torn only while it is being written. */
  lines(): string[]
  errors(): string
  /** Workers' pids, as the system knows them. */
  workers(): number[]
  readiness(): Promise<{ status: number; body: { ready: boolean; parts: Record<string, string> } }>
  livez(): Promise<Response>
  metric(name: string): Promise<number>
  logged(matches: (record: LogRecord) => boolean): Promise<LogRecord>
  /** A browser with a session. */
  signedIn(): Promise<BrowserClient>
  /** Changes the configuration file. */
  rewrite(change: Configure): Promise<void>
  ended(): Promise<number | null>
  close(): Promise<void>
}

/** Waits until `holds`, and says what it waited for when it never does. */
export async function until<T>(
  what: string,
  holds: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  for (const deadline = Date.now() + PATIENCE_MS; ; ) {
    const answer = await holds()
    if (answer !== undefined && answer !== false) return answer
    assert.ok(Date.now() < deadline, `waited in vain: ${what}`)
    await sleep(POLL_MS)
  }
}

export const withHeaderIdentity = (config: ReturnType<typeof torhausConfig>, listener: object = {}): object => ({
  ...config,
  listener: { ...config.listener, ...listener },
  upstream: { ...config.upstream, identity: { kind: 'header', header: { field: 'X-Account' } } },
})

export async function startWorkersLab(
  listener: object = {},
  more: Configure = config => config,
  /** Where standard output leads: `file`, one in the folder of the lab; or the name of one. */
  output: 'pipe' | 'file' | `/${string}` = 'pipe',
  /** Limit of descriptors, of each process (ulimit -n). */
  descriptors?: number,
): Promise<WorkersLab> {
  const [port, adminPort] = await freePorts()
  const addresses = torhausAddresses(port)
  const { publicUrl } = addresses
  const clientSecret = randomBytes(24).toString('base64url')
  const user = { name: 'ada', password: 'correct horse', totpSecret: newTotpSecret(randomBytes) }
  const origin = await startEchoOrigin()
  const op = await startOpenIdProvider({
    users: [user],
    audience: agreed.audience,
    clients: [torhausClient(addresses, clientSecret)],
  })
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-workers-'))
  const setting = { port, adminPort, issuer: op.issuer, clientSecret, directory, upstreamUrl: origin.url }
  const configure: Configure = config => more(withHeaderIdentity(config, { workers: 2, ...listener }) as typeof config)
  const configFile = await writeTorhausConfig(setting, configure)
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...env } = process.env
  const runtime = join(directory, 'runtime')
  await mkdir(runtime)
  const outputFile = output.startsWith('/') ? output : join(directory, 'torhaus.log')
  const outputTo = output === 'pipe' ? 'pipe' : openSync(outputFile, 'w')
  const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `
  const supervisor = spawn(
    'bash',
    ['-c', `${limit}exec "$@"`, 'bash', process.execPath, mainProgram(), '--config', configFile],
    {
      stdio: ['ignore', outputTo, 'pipe'],
      env: { ...env, RUNTIME_DIRECTORY: runtime },
    },
  )
  if (typeof outputTo === 'number') closeSync(outputTo)
  const [written, errors]: [Buffer[], Buffer[]] = [[], []]
  supervisor.stdout?.on('data', (chunk: Buffer) => written.push(chunk))
  supervisor.stderr?.on('data', (chunk: Buffer) => errors.push(chunk))
  const closed = once(supervisor, 'close')
  const lines = () => {
    const all = output === 'pipe' ? Buffer.concat(written) : readFileSync(outputFile)
    return all.toString().split('\n').slice(0, -1)
  }
  const adminAddress = `127.0.0.1:${adminPort}`
  const admin = (path: string) => fetch(`http://${adminAddress}${path}`)
  const lab: WorkersLab = {
    ...{ url: publicUrl, port, adminAddress, directory, configFile, runtime, origin, op, supervisor, lines },
    errors: () => Buffer.concat(errors).toString(),
    workers: () =>
      readFileSync(`/proc/${supervisor.pid}/task/${supervisor.pid}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    async readiness() {
      const response = await admin('/readyz')
      return { status: response.status, body: (await response.json()) as never }
    },
    livez: () => admin('/livez'),
    metric: name => metricAt(`http://${adminAddress}`, name),
    logged: matches =>
      until('a log record', () =>
        lines()
          .map(line => JSON.parse(line) as LogRecord)
          .find(matches),
      ),
    async signedIn() {
      const browser = new BrowserClient()
      await signIn(browser, `${publicUrl}/`, user)
      return browser
    },
    async rewrite(change) {
      const usual = parse(readFileSync(configFile, 'utf8')) as ReturnType<typeof torhausConfig>
      const { stringify } = await import('yaml')
      const { writeFile } = await import('node:fs/promises')
      await writeFile(configFile, stringify(change(usual)))
    },
    async ended() {
      await closed
      return supervisor.exitCode
    },
    async close() {
      const pids = supervisor.exitCode === null && supervisor.signalCode === null ? lab.workers() : []
      supervisor.kill('SIGKILL')
      // A worker that stands still does not notice, and holds the output open.
      for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
      await closed
      await op.close()
      await origin.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
  const ready = until('Torhaus to be ready', () =>
    lab.readiness().then(
      ({ status }) => status === 200,
      () => false,
    ),
  )
  await Promise.race([
    ready,
    closed.then(() => Promise.reject(new Error(`Torhaus ended with ${supervisor.exitCode}: ${lab.errors()}`))),
  ]).catch(async error => {
    await lab.close()
    throw error
  })
  return lab
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
