/** The files of `deploy/examples/`, with the addresses and keys of this machine in place of those written there. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { secondFactorAcr } from '../op/configuration.ts'
import type { Certificate } from '../torhaus/certificate.ts'

/** An example is a folder; `instances`: how many Torhaus it has. */
export interface Example {
  readonly instances: 1 | 2
  /** Of `deploy/`; undefined where Torhaus itself is what clients reach. */
  readonly haproxyFile: string | undefined
  readonly usesRedis: boolean
}

export const EXAMPLES: Readonly<Record<string, Example>> = {
  'header-identity': { instances: 1, haproxyFile: undefined, usesRedis: false },
  'behind-haproxy': { instances: 1, haproxyFile: 'examples/behind-haproxy/haproxy.cfg', usesRedis: false },
  'two-instances-redis': { instances: 2, haproxyFile: 'haproxy.cfg', usesRedis: true },
}

export interface ExamplePlace {
  readonly name: string
  readonly publicUrl: string
  readonly upstreamUrl: string
  readonly issuer: string
  readonly redisUrl: string | undefined
  readonly certificate: Certificate
  readonly directory: string
}

export interface InstancePorts {
  readonly port: number
  readonly adminPort: number
}

const DEPLOY = join(import.meta.dirname, '../../deploy')
const LOOPBACK = '127.0.0.1'

/** Made by the same names as in the file. The certificate belongs to where clients arrive. */
export async function writeSecrets({ directory, certificate }: ExamplePlace, clientSecret: string): Promise<void> {
  const secrets = {
    'keys/client-secret': clientSecret,
    'keys/session': randomBytes(32).toString('base64'),
    'keys/admin': randomBytes(32).toString('base64'),
    'tls/devops.example.com.crt': certificate.certificate,
    'tls/devops.example.com.key': certificate.privateKey,
    'haproxy.pem': certificate.certificate + certificate.privateKey,
  }
  for (const [name, content] of Object.entries(secrets)) {
    await mkdir(dirname(join(directory, name)), { recursive: true })
    await writeFile(join(directory, name), content, { mode: 0o600 })
  }
}

/** Returns the name of the configuration file. */
export async function writeConfig(place: ExamplePlace, { port, adminPort }: InstancePorts): Promise<string> {
  const { name, directory, publicUrl, upstreamUrl, issuer, redisUrl } = place
  const text = await readFile(join(DEPLOY, 'examples', name, 'torhaus.yaml'), 'utf8')
  const config = parse(text.replaceAll('192.0.2.10', LOOPBACK))
  Object.assign(config, { publicUrl, admin: { host: LOOPBACK, port: adminPort } })
  // Stopping must not wait for a balancer that is stopped as well.
  Object.assign(config.listener, { host: LOOPBACK, port, workers: 1, drainDelayMs: 0, drainTimeoutMs: 2000 })
  Object.assign(config.upstream, { url: upstreamUrl })
  Object.assign(config.oidc, { issuer, acrValues: [secondFactorAcr] })
  Object.assign(config.secondFactor, { acceptAcr: [secondFactorAcr] })
  if (redisUrl !== undefined) Object.assign(config.session.store.redis, { urls: [redisUrl] })
  const file = join(directory, `torhaus-${port}.yaml`)
  await writeFile(file, stringify(config))
  return file
}

/** Returns the name of the configuration file of HAProxy, which listens on `port`. */
export async function writeHaproxyConfig(
  haproxyFile: string,
  { directory }: Pick<ExamplePlace, 'directory'>,
  port: number,
  instances: readonly InstancePorts[],
): Promise<string> {
  let text = await readFile(join(DEPLOY, haproxyFile), 'utf8')
  const changes = [
    ['bind :443 ssl', `bind ${LOOPBACK}:${port} ssl`],
    ['/etc/haproxy/devops.example.com.pem', join(directory, 'haproxy.pem')],
    ...instances.map((instance, index) => [`192.0.2.2${index + 1}:8080`, `${LOOPBACK}:${instance.port}`]),
    ...instances.map(({ adminPort }, index) => [
      `addr 192.0.2.2${index + 1} port 9090`,
      `addr ${LOOPBACK} port ${adminPort}`,
    ]),
  ] as const
  for (const [from = '', to = ''] of changes) {
    if (!text.includes(from)) throw new Error(`${haproxyFile} has no ${from}`)
    text = text.replaceAll(from, to)
  }
  const file = join(directory, 'haproxy.cfg')
  await writeFile(file, text)
  return file
}
