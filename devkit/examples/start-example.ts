import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { startTorhaus } from '../demo/torhaus-process.ts'
import { startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { startDevOpsOrigin } from '../origin/devops-origin.ts'
import { startServerProcess } from '../realm/server-process.ts'
import { startRedis } from '../redis/redis-process.ts'
import { createCertificate } from '../torhaus/certificate.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { freePort } from '../torhaus/free-port.ts'
import { agreed } from '../torhaus/torhaus-config.ts'
import {
  EXAMPLES,
  type ExamplePlace,
  type InstancePorts,
  writeConfig,
  writeHaproxyConfig,
  writeSecrets,
} from './example-files.ts'

/** What `--json` prints. Addresses have no trailing slash. */
export interface ExampleFacts {
  readonly proxy: string
  /** The admin listener of each instance. */
  readonly admins: readonly string[]
  readonly whoami: string
  /** The certificate of `proxy`, which nobody else has signed. */
  readonly certificateFile: string
  readonly user: string
  readonly password: string
  readonly totpSecret: string
  readonly pat: string
  readonly bearer: string
}

export interface RunningExample {
  readonly facts: ExampleFacts
  /** Resolves with a sentence if an instance ends by itself. */
  readonly broken: Promise<string>
  stop(): Promise<void>
}

const USER = 'ada'
const IDENTITY_FIELD = 'X-Remote-User'

/**
 * Starts what the example stands on, its instances, and HAProxy where it has one. What was started ends if it rejects.
 */
export async function startExample(name: string, port: number, signal: AbortSignal): Promise<RunningExample> {
  const example = EXAMPLES[name]
  if (example === undefined) throw new Error(`there is no example ${name}`)
  const { instances: count, haproxyFile, usesRedis } = example
  await ensureDebianPackages([
    ...(haproxyFile === undefined ? [] : ['haproxy']),
    ...(usesRedis ? ['redis-server'] : []),
  ])
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-example-')
  undo.defer(remove)
  const certificate = await createCertificate('IP:127.0.0.1')
  undo.defer(() => certificate.remove())
  const publicUrl = `https://127.0.0.1:${port}`
  const secrets = newSecrets()
  const op = await openProvider(publicUrl, secrets)
  undo.defer(() => op.close())
  const origin = await startDevOpsOrigin({
    personalAccessTokens: new Map([[secrets.pat, USER]]),
    identity: { kind: 'header', field: IDENTITY_FIELD },
    directory: join(directory, 'origin'),
  })
  undo.defer(() => origin.close())
  const redis = usesRedis ? await startRedis() : undefined
  undo.defer(() => redis?.close())
  signal.throwIfAborted()

  const redisUrl = redis?.url
  const place = { name, publicUrl, upstreamUrl: origin.url, issuer: op.issuer, redisUrl, certificate, directory }
  await writeSecrets(place, secrets.clientSecret)
  const ports: InstancePorts[] = []
  const ended: Promise<string>[] = []
  for (let index = 0; index < count; index++) {
    const own = { port: haproxyFile === undefined ? port : await freePort(), adminPort: await freePort() }
    const torhaus = startTorhaus(await writeConfig(place, own), join(directory, `torhaus-${own.port}.log`))
    undo.defer(() => torhaus.stop())
    await torhaus.ready(adminOf(own), signal)
    ports.push(own)
    ended.push(torhaus.ended)
  }
  if (haproxyFile !== undefined) {
    const haproxy = await startHaproxy(haproxyFile, place, port, ports)
    undo.defer(() => haproxy.stop())
  }
  const facts = {
    ...{ proxy: publicUrl, admins: ports.map(adminOf), whoami: `${publicUrl}/DefaultCollection/_apis/whoami` },
    ...{ certificateFile: certificate.certificateFile, user: USER, password: secrets.password },
    ...{ totpSecret: secrets.totpSecret, pat: secrets.pat, bearer: await op.issueAccessToken(USER) },
  }
  const kept = undo.move()
  return { facts, broken: Promise.race(ended), stop: () => kept.disposeAsync() }
}

const adminOf = ({ adminPort }: InstancePorts) => `http://127.0.0.1:${adminPort}`

async function startHaproxy(file: string, place: ExamplePlace, port: number, instances: readonly InstancePorts[]) {
  const configFile = await writeHaproxyConfig(file, place, port, instances)
  return startServerProcess('haproxy', ['-db', '-f', configFile], { address: '127.0.0.1', port })
}

type Secrets = ReturnType<typeof newSecrets>

function newSecrets() {
  const pat = Array.from(randomBytes(52), byte => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(byte % 32)).join('')
  return {
    ...{ pat, password: randomBytes(9).toString('base64url'), totpSecret: newTotpSecret(randomBytes) },
    clientSecret: randomBytes(32).toString('base64url'),
  }
}

function openProvider(publicUrl: string, { clientSecret, password, totpSecret }: Secrets) {
  return startOpenIdProvider({
    users: [{ name: USER, password, totpSecret }],
    clients: [
      {
        clientId: agreed.clientId,
        clientSecret,
        redirectUris: [`${publicUrl}/.torhaus/callback`],
        postLogoutRedirectUris: [`${publicUrl}/.torhaus/signed-out`],
      },
    ],
    audience: agreed.audience,
  })
}
