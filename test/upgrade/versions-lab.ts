/** An earlier commit and this tree, as processes on one store, and one public address that leads to either. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stringify } from 'yaml'
import { startTorhaus } from '../../devkit/demo/torhaus-process.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { newTotpSecret } from '../../devkit/op/totp.ts'
import { type EchoOrigin, startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { inOptionsOf } from '../../devkit/torhaus/options-of-tree.ts'
import {
  agreed,
  torhausAddresses,
  torhausClient,
  torhausConfig,
  writeTorhausConfig,
} from '../../devkit/torhaus/torhaus-config.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Before the layout of the store was written down. */
export const EARLIER = 'f9e9a98'
const run = promisify(execFile)

export type Version = 'earlier' | 'this'

export interface VersionsLab {
  readonly url: string
  readonly op: OpenIdProvider
  readonly origin: EchoOrigin
  readonly user: { readonly name: string; readonly password: string; readonly totpSecret: string }
  start(version: Version): Promise<void>
  stop(version: Version): Promise<void>
  /** The value of a metric, by its whole name. */
  metric(version: Version, name: string): Promise<number>
  /** Where the public address leads: to these, in turns, a connection each. */
  lead(...versions: Version[]): void
  close(): Promise<void>
}

/** Whether the earlier commit is in this clone: one made with `--depth` may lack it. */
export const isEarlierThere = (): Promise<boolean> =>
  run('git', ['cat-file', '-e', `${EARLIER}^{commit}`], { cwd: ROOT }).then(
    () => true,
    () => false,
  )

async function checkOut(folder: string): Promise<void> {
  const archive = join(folder, 'tree.tar')
  await run('git', ['archive', '--output', archive, EARLIER], { cwd: ROOT })
  await run('tar', ['-xf', archive, '-C', folder])
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

export async function startVersionsLab(store: 'sqlite' | 'redis'): Promise<VersionsLab> {
  await using undo = new AsyncDisposableStack()
  const folder = async (name: string) => {
    const path = await mkdtemp(join(tmpdir(), `torhaus-${name}-`))
    undo.defer(() => rm(path, { recursive: true, force: true }))
    return path
  }
  const [earlierTree, directory] = [await folder('earlier'), await folder('versions')]
  await checkOut(earlierTree)
  const redis = store === 'redis' ? await startRedis() : undefined
  if (redis !== undefined) undo.defer(() => redis.close())
  const origin = await startEchoOrigin()
  undo.defer(() => origin.close())

  const ports: Record<Version, { port: number; adminPort: number }> = {
    earlier: { port: await freePort(), adminPort: await freePort() },
    this: { port: await freePort(), adminPort: await freePort() },
  }
  const front = await startFront()
  undo.defer(() => front.close())
  const addresses = torhausAddresses(front.port)
  const { publicUrl } = addresses
  const clientSecret = randomBytes(24).toString('base64url')
  const user = { name: 'ada', password: 'correct horse', totpSecret: newTotpSecret(randomBytes) }
  const op = await startOpenIdProvider({
    users: [user],
    audience: agreed.audience,
    clients: [torhausClient(addresses, clientSecret)],
  })
  undo.defer(() => op.close())

  // The secrets are written once, and shared; the configurations differ in ports and in the names of options.
  const setting = { upstreamUrl: origin.url, issuer: op.issuer, clientSecret, directory }
  await writeTorhausConfig({ ...setting, ...ports.this })
  const trees: Record<Version, string> = { earlier: earlierTree, this: ROOT }
  const running = new Map<Version, ReturnType<typeof startTorhaus>>()
  undo.defer(async () => {
    for (const torhaus of running.values()) await torhaus.stop()
  })

  async function start(version: Version): Promise<void> {
    const usual = torhausConfig({ ...setting, ...ports[version] })
    const config = {
      ...usual,
      publicUrl,
      // As often as may be, so that both versions ask in turns.
      oidc: { ...usual.oidc, refreshIntervalSeconds: 10 },
      upstream: { ...usual.upstream, identity: { kind: 'header', header: { field: 'X-Account' } } },
      ...(redis && { session: { ...usual.session, store: { kind: 'redis', redis: { urls: [redis.url] } } } }),
    }
    const file = join(directory, `${version}.yaml`)
    await writeFile(file, stringify(inOptionsOf(trees[version], config)))
    const torhaus = startTorhaus(file, join(directory, `${version}.log`), { tree: trees[version] })
    running.set(version, torhaus)
    await torhaus.ready(`http://127.0.0.1:${ports[version].adminPort}`, new AbortController().signal)
  }

  const kept = undo.move()
  return {
    ...{ op, origin, user, url: publicUrl, start },
    async stop(version) {
      await running.get(version)?.stop()
      running.delete(version)
    },
    metric: (version, name) => metricAt(`http://127.0.0.1:${ports[version].adminPort}`, name),
    lead: (...versions) => front.lead(versions.map(version => ports[version].port)),
    close: () => kept.disposeAsync(),
  }
}

/** A balancer of the plainest kind: bytes, connection by connection. */
async function startFront() {
  let targets: readonly number[] = []
  let next = 0
  const sockets = new Set<Socket>()
  const server = createServer(client => {
    const port = targets[next++ % targets.length] ?? 0
    const upstream = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy()).on('close', () => sockets.delete(one))
      one.pipe(other)
    }
  })
  const port = await listen(server, '127.0.0.1', 0)
  return {
    port,
    lead(ports: readonly number[]) {
      targets = ports
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
