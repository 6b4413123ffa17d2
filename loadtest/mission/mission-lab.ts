/**
 * Everything the mission stands on, on loopback: Samba as KDC, OP, Redis, an origin server with TLS, two instances of
 * Torhaus with two workers and TLS on both sides, HAProxy with TLS before them.
 */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { stringify } from 'yaml'
import { temporaryFolder } from '../../devkit/demo/temporary-folder.ts'
import { writeHaproxyConfig } from '../../devkit/examples/example-files.ts'
import { serverTokenIssuer } from '../../devkit/origin/identity.ts'
import { startRedis } from '../../devkit/redis/redis-process.ts'
import { haproxySocket } from '../../devkit/rollout/plan-of.ts'
import { launchService, type ServiceInstance } from '../../devkit/rollout/service-instance.ts'
import { installVersion, type MadeReleases, makeReleases } from '../../devkit/rollout/versions.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { torhausAddresses, torhausConfig, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { credentialFields } from '../credential-fields.ts'
import { type IdentityProvider, startIdentityProvider } from '../lab/identity-provider.ts'
import { type Origin, startOrigin, TICKET_FOLDER } from '../lab/origin.ts'
import { type Realm, startRealm } from '../lab/realm.ts'
import { type Server, startServer } from '../lab/server.ts'
import { configurationOf } from '../lab/torhaus-kind.ts'
import type { MissionFields } from './mission-requests.ts'

const PEOPLE = ['alice', 'bob', 'carol'] as const
const NAMES = ['torhaus-1', 'torhaus-2']
/** In the folder of the lab. */
export const ADMIN_CREDENTIAL = 'admin-credential'
const FIRST_VERSION = '0.0.1'
export const SECOND_VERSION = '0.0.2'

export interface MissionLab extends AsyncDisposable {
  readonly directory: string
  readonly releases: string
  readonly made: MadeReleases
  readonly publicUrl: string
  readonly port: number
  readonly certificate: Certificate
  readonly origin: Origin
  readonly originTlsPort: number
  readonly realm: Realm
  /** AS and TGS requests before the instances were started. */
  readonly kdcRequestsBefore: number
  readonly instances: readonly ServiceInstance[]
  readonly haproxy: Server
  /** What each person sends; sessions made by signing in through HAProxy. */
  readonly people: readonly MissionFields[]
}

export async function openMissionLab(tell: (line: string) => void): Promise<MissionLab> {
  await ensureDebianPackages(['haproxy', 'redis-server', 'nginx', 'openssl'])
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-mission-')
  undo.defer(remove)
  await chmod(directory, 0o711)
  const certificate = await createCertificate('IP:127.0.0.1')
  undo.defer(() => certificate.remove())
  tell('starting the directory ...')
  const realm = await startRealm(directory, PEOPLE[0])
  undo.defer(() => realm.stop())
  const identityProvider = await startIdentityProvider(directory, PEOPLE, certificate.certificate)
  undo.defer(() => identityProvider.stop())
  const redis = await startRedis()
  undo.defer(() => redis.close())
  const origin = await startOrigin(directory, certificate)
  undo.defer(() => origin.stop())
  const originTlsPort = origin.tlsPort
  if (originTlsPort === undefined) throw new Error('the origin server has no TLS')

  tell('starting two instances, and HAProxy ...')
  const releases = join(directory, 'releases')
  const made = await makeReleases(join(directory, 'dist'), [{ version: FIRST_VERSION }, { version: SECOND_VERSION }])
  const first = await installVersion(made, FIRST_VERSION, releases)
  const { port } = identityProvider.torhaus
  const { publicUrl } = torhausAddresses(port, false, 'https')
  const place: Place = { directory, certificate, originTlsPort, identityProvider, realm, redisUrl: redis.url }
  const kdcRequestsBefore = realm.kdcRequests()
  const configure = await configurationsOf(place)
  const instances: ServiceInstance[] = []
  for (const name of NAMES) {
    const [ownPort, adminPort] = await freePorts()
    const configFile = configure(name, ownPort, adminPort)
    // Each process has a replay cache of its own.
    const environment = { KRB5RCACHEDIR: directory }
    const own = { name, configFile, port: ownPort, adminPort, directory }
    const instance = await launchService(own, first, environment)
    undo.defer(() => instance.killAll())
    instances.push(instance)
  }
  const haproxy = await startHaproxy(place, port, instances)
  undo.defer(() => haproxy.stop())
  tell('signing people in ...')
  const people = await fieldsOf(identityProvider, publicUrl)
  const kept = undo.move()
  return {
    ...{
      directory,
      releases,
      made,
      publicUrl,
      port,
      certificate,
      origin,
      originTlsPort,
      realm,
      instances,
      haproxy,
      people,
    },
    kdcRequestsBefore,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

interface Place {
  readonly directory: string
  readonly certificate: Certificate
  readonly originTlsPort: number
  readonly identityProvider: IdentityProvider
  readonly realm: Realm
  readonly redisUrl: string
}

/** Secrets once, for both; returns what writes the configuration of one. */
async function configurationsOf(place: Place): Promise<(name: string, port: number, adminPort: number) => string> {
  const { directory, certificate, originTlsPort, identityProvider, realm, redisUrl } = place
  const { port: publicPort, secret: clientSecret } = identityProvider.torhaus
  const upstreamUrl = `https://127.0.0.1:${originTlsPort}`
  const setting = {
    port: publicPort,
    adminPort: 0,
    issuer: identityProvider.issuer,
    clientSecret,
    directory,
    upstreamUrl,
  }
  await writeTorhausConfig(setting)
  writeFileSync(join(directory, ADMIN_CREDENTIAL), randomBytes(24).toString('base64url'), { mode: 0o600 })
  const { certificateFile, privateKeyFile } = certificate
  return (name, port, adminPort) => {
    const usual = torhausConfig(setting)
    const { upstream, ...rest } = configurationOf('impersonating', usual, {
      realm,
      redis: undefined,
      tls: undefined,
    }) as ReturnType<typeof torhausConfig>
    const config = {
      ...rest,
      publicUrl: torhausAddresses(publicPort, false, 'https').publicUrl,
      listener: {
        ...{ host: '127.0.0.1', port, workers: 2, trustedProxies: ['127.0.0.1'] },
        ...{ drainDelayMs: 1000, drainTimeoutMs: 60_000, tls: { certificateFile, privateKeyFile } },
      },
      admin: { host: '127.0.0.1', port: adminPort, credentialFile: join(directory, ADMIN_CREDENTIAL) },
      upstream: { ...upstream, tls: { caFile: certificateFile } },
      session: { ...usual.session, store: { kind: 'redis', redis: { urls: [redisUrl] } } },
    }
    const file = join(directory, `${name}.yaml`)
    writeFileSync(file, stringify(config))
    return file
  }
}

/** deploy/haproxy.cfg, with TLS towards the instances and the socket for roll-outs. */
async function startHaproxy(place: Place, port: number, instances: readonly ServiceInstance[]): Promise<Server> {
  const { directory, certificate } = place
  const { certificateFile } = certificate
  writeFileSync(join(directory, 'haproxy.pem'), certificate.certificate + certificate.privateKey, { mode: 0o600 })
  const configFile = await writeHaproxyConfig('haproxy.cfg', place, port, instances)
  const text = (await readFile(configFile, 'utf8'))
    .replace(/# (stats socket) \S+ .*/, `$1 ${haproxySocket(directory)} mode 600 level admin`)
    .replace(/^( {4}server .*)$/gm, `$1 ssl verify required ca-file ${certificateFile} no-check-ssl`)
  writeFileSync(configFile, text)
  const outputFile = join(directory, 'haproxy.log')
  return startServer(['haproxy', '-db', '-f', configFile], { place: 'both', port, outputFile })
}

async function fieldsOf({ accessTokens, signIn }: IdentityProvider, publicUrl: string): Promise<MissionFields[]> {
  const page = `${publicUrl}${TICKET_FOLDER}/1k`
  const cookies = await signIn(page, page)
  // What nobody but the server can check: any will do here, for this one checks none.
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(serverTokenIssuer)
    .setSubject('agent')
    .setExpirationTime('1h')
    .sign(new Uint8Array(32))
  const agent = {
    'User-Agent': 'VSServices/4.255.0 (NetStandard; Linux) vstsagentcore-linux-x64/4.255.0',
    Accept: 'application/json;api-version=5.1-preview.1',
    Authorization: `Bearer ${token}`,
  }
  return accessTokens.map((accessToken, index) => ({
    ...credentialFields({ cookie: cookies[index] ?? '', accessToken, ticket: '' }, false),
    agent,
  }))
}
