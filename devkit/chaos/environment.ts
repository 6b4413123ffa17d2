/** HAProxy, two instances of Torhaus with two workers each, Redis, an OP and a DevOps-like server: all on loopback. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { BrowserClient } from '../clients/browser-client.ts'
import { endAtExit } from '../demo/at-exit.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { signIn } from '../op/user-agent.ts'
import { startDevOpsOrigin } from '../origin/devops-origin.ts'
import { presentingToken, runGit } from '../origin/git-client.ts'
import { type RedisProcess, startRedis } from '../redis/redis-process.ts'
import { createCertificate } from '../torhaus/certificate.ts'
import { freePort, freePorts } from '../torhaus/free-port.ts'
import {
  agreed,
  torhausAddresses,
  torhausClient,
  torhausConfig,
  writeTorhausConfig,
} from '../torhaus/torhaus-config.ts'
import { Instance } from './instance.ts'
import type { TrafficSettings } from './traffic.ts'

/** What may stand behind the balancer: the instances of chaos, or those of a roll-out. */
export interface RunningInstance {
  readonly port: number
  readonly adminPort: number
  killAll(): void
}

export interface InstancePlace {
  readonly name: string
  readonly configFile: string
  readonly port: number
  readonly adminPort: number
  /** Of the whole environment. */
  readonly directory: string
}

export interface ChaosOptions<I> {
  /** Resolves when the instance is ready. */
  readonly launch: (place: InstancePlace) => Promise<I>
  readonly drainDelayMs?: number
  /** Lines for the section `global` of HAProxy. */
  readonly haproxyGlobal?: (directory: string) => string
}

export interface ChaosEnvironment<I = Instance> {
  readonly directory: string
  readonly certificateFile: string
  readonly instances: readonly [I, I]
  readonly redis: RedisProcess
  readonly traffic: Omit<TrafficSettings, 'counts'>
  /** A new session; its cookie field. */
  newSession(): Promise<string>
  /** The certificate and key files of both instances get another content. */
  swapCertificate(): Promise<void>
  close(): Promise<void>
}

const SESSIONS = 6
const user = { name: 'ada', password: 'correct horse', totpSecret: newTotpSecret(randomBytes) }

async function launchInstance({ name, configFile, port, adminPort, directory }: InstancePlace): Promise<Instance> {
  const instance = new Instance(configFile, port, adminPort, join(directory, `${name}.log`))
  await instance.start()
  return instance
}

export const startChaosEnvironment = () => startEnvironment({ launch: launchInstance })

export async function startEnvironment<I extends RunningInstance>({
  launch,
  drainDelayMs = 3000,
  haproxyGlobal = () => '',
}: ChaosOptions<I>): Promise<ChaosEnvironment<I>> {
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-chaos-')
  undo.defer(remove)
  const front = await freePort()
  const addresses = torhausAddresses(front)
  const { publicUrl, jwksUrl } = addresses
  const clientSecret = randomBytes(24).toString('base64url')
  const pat = '6wytoisklc3rwzlk6hmdaptbzxclxbwd2hcnweb4grgedcplf4pa'
  const op = await startOpenIdProvider({
    users: [user],
    audience: agreed.audience,
    clients: [torhausClient(addresses, clientSecret)],
  })
  undo.defer(() => op.close())
  const origin = await startDevOpsOrigin({
    personalAccessTokens: new Map([[pat, user.name]]),
    identity: {
      kind: 'assertion',
      field: agreed.assertionField,
      jwksUrl,
      audience: agreed.audience,
      issuer: publicUrl,
    },
    directory: join(directory, 'origin'),
  })
  undo.defer(() => origin.close())
  // What was written survives being killed.
  const redis = await startRedis({ lines: ['appendonly yes', 'appendfsync always'] })
  undo.defer(() => redis.close())
  const [certificate, nextCertificate] = [
    await createCertificate('IP:127.0.0.1'),
    await createCertificate('IP:127.0.0.1'),
  ]
  undo.defer(() => certificate.remove())
  undo.defer(() => nextCertificate.remove())

  const setting = { port: front, adminPort: 0, issuer: op.issuer, clientSecret, directory, upstreamUrl: origin.url }
  await writeTorhausConfig(setting)
  const newInstance = async (name: string): Promise<I> => {
    const [port, adminPort] = await freePorts()
    const usual = torhausConfig(setting)
    const { certificateFile, privateKeyFile } = certificate
    const config = {
      ...usual,
      listener: {
        ...{ host: '127.0.0.1', port, workers: 2, trustedProxies: ['127.0.0.1'] },
        ...{ drainDelayMs, drainTimeoutMs: 60_000, tls: { certificateFile, privateKeyFile } },
      },
      admin: { host: '127.0.0.1', port: adminPort },
      session: { ...usual.session, store: { kind: 'redis', redis: { urls: [redis.url] } } },
      reload: { watchIntervalMs: 500 },
    }
    const file = join(directory, `${name}.yaml`)
    await writeFile(file, stringify(config))
    const instance = await launch({ name, configFile: file, port, adminPort, directory })
    undo.defer(() => instance.killAll())
    return instance
  }
  const instances = [await newInstance('torhaus-1'), await newInstance('torhaus-2')] as const
  undo.use(await startHaproxy(directory, front, instances, haproxyGlobal(directory)))

  const newSession = async () => {
    const browser = new BrowserClient()
    await signIn(browser, `${publicUrl}/DefaultCollection/_apis/whoami`, user)
    return Array.from(browser.cookies, ([name, { value }]) => `${name}=${value}`).join('; ')
  }
  const cookies: string[] = []
  while (cookies.length < SESSIONS) cookies.push(await newSession())
  const clone = join(directory, 'clone')
  await mkdir(clone)
  const gitUrl = publicUrl + origin.gitPath
  const cloned = await runGit(['clone', gitUrl, '.'], { directory: clone, environment: presentingToken(pat) })
  if (cloned.status !== 0) throw new Error(`git clone: ${cloned.stderr}`)
  const bearer = await op.issueAccessToken(user.name, { exp: Math.floor(Date.now() / 1000) + 3600 })
  const kept = undo.move()
  return {
    ...{ directory, instances, redis, newSession, certificateFile: certificate.certificateFile },
    traffic: { url: publicUrl, cookies, bearer, pat, gitUrl, clone },
    async swapCertificate() {
      await copyFile(nextCertificate.certificateFile, certificate.certificateFile)
      await copyFile(nextCertificate.privateKeyFile, certificate.privateKeyFile)
    },
    close: () => kept.disposeAsync(),
  }
}

/** As deploy/haproxy.cfg, with the checks closer together, and TLS between the balancer and Torhaus. */
async function startHaproxy(
  directory: string,
  port: number,
  instances: readonly RunningInstance[],
  globalLines: string,
): Promise<AsyncDisposable> {
  const servers = instances.map(
    (instance, index) =>
      `  server torhaus-${index + 1} 127.0.0.1:${instance.port} ssl verify none addr 127.0.0.1 port ${instance.adminPort} check-ssl no-check-ssl`,
  )
  const file = join(directory, 'haproxy.cfg')
  await writeFile(
    file,
    `global
  tune.bufsize 131072
${globalLines}
defaults
  mode http
  timeout http-keep-alive 60s
  timeout http-request 60s
  timeout client 10m
  timeout server 10m
  timeout connect 5s
  timeout queue 10s
  timeout check 1s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response
frontend devops
  bind 127.0.0.1:${port}
  http-request disable-l7-retry unless { method GET HEAD OPTIONS }
  http-request set-header X-Forwarded-For %[src]
  default_backend torhaus
backend torhaus
  balance leastconn
  http-reuse safe
  option httpchk GET /readyz
  http-check expect status 200
  default-server check inter 500ms fall 2 rise 2
${servers.join('\n').replaceAll(' check-ssl no-check-ssl', ' no-check-ssl')}
`,
  )
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  endAtExit(child, 'SIGKILL')
  for (let attempt = 0; attempt < 100; attempt++) {
    const answers = await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).then(
      ({ status }) => status < 500,
      () => false,
    )
    if (answers) break
    if (child.exitCode !== null) throw new Error('haproxy does not start')
    await sleep(100)
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
