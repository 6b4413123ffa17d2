/**
 * A real Keycloak on loopback, with everything in memory, and its administration over REST. One Java process, bounded
 * in memory, ended by its pid, and by the end of whoever started it.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ServerProcess, startServerProcess } from '../realm/server-process.ts'
import { freePort } from '../torhaus/free-port.ts'

const ADMINISTRATOR = 'admin'
const START_TIMEOUT_MS = 600_000
const REQUEST_TIMEOUT_MS = 120_000
const POLL_MS = 200

export interface Keycloak {
  /** Without a slash at the end. */
  readonly url: string
  issuerOf(realm: string): string
  /** Sends a request to the administration, e.g. `POST realms`; returns what it answers, JSON or nothing. */
  admin(method: string, path: string, content?: unknown): Promise<unknown>
  close(): Promise<void>
}

/** `home`: of `keycloakHome`. */
export async function startKeycloak(home: string): Promise<Keycloak> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const password = randomBytes(18).toString('base64url')
  const server = await startServerProcess('setpriv', ['--pdeathsig', 'KILL', 'java', ...argumentsOf(home, url, port)], {
    ...{ address: '127.0.0.1', port, startTimeoutMs: START_TIMEOUT_MS },
    env: { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: ADMINISTRATOR, KC_BOOTSTRAP_ADMIN_PASSWORD: password },
  })
  try {
    await untilReady(`${url}/realms/master`, server)
  } catch (error) {
    await server.stop()
    throw error
  }
  return {
    url,
    issuerOf: realm => `${url}/realms/${realm}`,
    admin: async (method, path, content) => askAdmin(url, await adminToken(url, password), method, path, content),
    close: () => server.stop(),
  }
}

/** As `bin/kc.sh` starts it, but for the bounds, and without a shell between. */
function argumentsOf(home: string, url: string, port: number): string[] {
  const opens = ['util', 'util.concurrent', 'security', 'lang'].map(
    name => `--add-opens=java.base/java.${name}=ALL-UNNAMED`,
  )
  return [
    ...['-Xms64m', '-Xmx512m', '-XX:MaxMetaspaceSize=256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    ...[
      '-XX:+ExitOnOutOfMemoryError',
      '-Dfile.encoding=UTF-8',
      '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
    ],
    ...[
      '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
    ],
    ...[`-Dkc.home.dir=${home}`, `-Djboss.server.config.dir=${join(home, 'conf')}`, '-Dpicocli.disable.closures=true'],
    ...[...opens, '-cp', join(home, 'lib/quarkus-run.jar'), 'io.quarkus.bootstrap.runner.QuarkusEntryPoint'],
    ...['start', '--optimized', '--cache=local', '--http-enabled=true', '--http-host=127.0.0.1'],
    ...[`--http-port=${port}`, `--hostname=${url}`, '--log-level=warn'],
  ]
}

async function untilReady(url: string, server: ServerProcess): Promise<void> {
  for (const deadline = performance.now() + START_TIMEOUT_MS; ; await sleep(POLL_MS)) {
    const status = await fetch(url, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) }).then(
      answer => answer.status,
      () => 0,
    )
    if (status === 200) return
    if (performance.now() > deadline) throw new Error(`Keycloak did not start: ${server.output()}`)
  }
}

async function adminToken(url: string, password: string): Promise<string> {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: ADMINISTRATOR, password }
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    ...{ method: 'POST', body: new URLSearchParams(form), signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) },
  })
  const { access_token: token } = (await answer.json()) as { readonly access_token?: string }
  if (token === undefined) throw new Error(`Keycloak gives its administrator no token: ${answer.status}`)
  return token
}

async function askAdmin(url: string, token: string, method: string, path: string, content: unknown): Promise<unknown> {
  const answer = await fetch(`${url}/admin/${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`Keycloak answers ${method} ${path} with ${answer.status}: ${text.slice(0, 500)}`)
  return text === '' ? undefined : JSON.parse(text)
}
