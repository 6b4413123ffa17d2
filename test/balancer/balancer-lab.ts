/** Two instances of Torhaus with one store behind a real balancer, and clients from an address of their own. */

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RawConnection, type RawResponse, requestText } from '../../devkit/clients/raw-http.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type EchoOrigin, startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { startTorhausFixture, type TorhausFixture } from '../../devkit/torhaus/torhaus-fixture.ts'
import { type Balancer, type BalancerKind, startBalancer } from './balancer-process.ts'

/** Not the address that the balancer connects from. */
export const CLIENT_ADDRESS = '127.0.0.77'
const BALANCER_ADDRESS = '127.0.0.1'

export interface BalancerLab {
  readonly origin: EchoOrigin
  readonly instances: readonly Instance[]
  readonly balancer: Balancer
  /** In PEM: what whoever speaks TLS to the balancer must trust. */
  readonly certificate: string
  /** A TLS connection to the balancer from `CLIENT_ADDRESS`. */
  open(): Promise<RawConnection>
  /** One exchange on a connection of its own. */
  ask(line: string, fields?: readonly string[], content?: string): Promise<RawResponse>
  /** How many requests each instance has had since the last time. */
  counts(): number[]
  close(): Promise<void>
}

export interface Instance {
  readonly fixture: TorhausFixture
  /** What the balancer's checks get in place of the instance's own answer. */
  pretendNotReady: boolean
}

/**
 * `proxyProtocol`: its version; it says the client address, and TLS ends at Torhaus. Without it, TLS ends at the
 * balancer. `edit`: changes the configuration of the balancer.
 */
export async function startBalancerLab(
  kind: BalancerKind,
  proxyProtocol?: 1 | 2,
  edit = (text: string) => text,
): Promise<BalancerLab> {
  const passesTls = proxyProtocol !== undefined
  const undo: (() => unknown)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const directory = await mkdtemp(join(tmpdir(), 'torhaus-balancer-'))
    undo.push(() => rm(directory, { recursive: true, force: true }))
    await writeFile(join(directory, 'session-key'), randomBytes(32).toString('base64'), { mode: 0o600 })
    const certificate = await createCertificate('IP:127.0.0.1')
    undo.push(() => certificate.remove())
    const origin = await startEchoOrigin()
    undo.push(() => origin.close())
    const instances: Started[] = []
    for (let count = 0; count < 2; count++) {
      const started = await startInstance(origin, directory, passesTls ? certificate : undefined)
      undo.push(started.stop)
      instances.push(started)
    }
    const setting = instances.map(({ fixture, healthPort }) => ({ port: fixture.port, healthPort }))
    const balancer = await startBalancer({
      kind,
      certificate,
      directory,
      instances: setting,
      proxyProtocol: proxyProtocol ?? 2,
      edit,
    })
    undo.push(() => balancer.process.stop())
    return {
      ...clientsOf(passesTls ? balancer.passingPort : balancer.port, certificate),
      certificate: certificate.certificate,
      origin,
      instances,
      balancer,
      counts: counter(instances),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Started = Instance & { readonly healthPort: number; stop(): Promise<void> }

async function startInstance(origin: EchoOrigin, directory: string, tls: Certificate | undefined): Promise<Started> {
  const fixture = await startTorhausFixture({
    upstreamUrl: origin.url,
    configure: config => ({
      ...config,
      publicUrl: config.publicUrl.replace('http:', 'https:'),
      listener: {
        ...config.listener,
        trustedProxies: [BALANCER_ADDRESS],
        hostNames: ['devops.example.com'],
        ...(tls && {
          proxyProtocol: true,
          tls: { certificateFile: tls.certificateFile, privateKeyFile: tls.privateKeyFile },
        }),
      },
      session: {
        store: { sqlite: { file: join(directory, 'shared.sqlite') } },
        encryptionKeyFiles: [join(directory, 'session-key')],
        // Each has an OP and a name of its own here; they are one Torhaus all the same.
        sharedAs: 'https://devops.example.com',
      },
    }),
  })
  const instance = { fixture, pretendNotReady: false }
  const health = createServer((request, response) => {
    if (instance.pretendNotReady) response.writeHead(503).end()
    else
      fetch(fixture.adminUrl + request.url).then(
        answer => response.writeHead(answer.status).end(),
        () => response.destroy(),
      )
  })
  const healthPort = await listen(health, '127.0.0.1', 0)
  return Object.assign(instance, {
    healthPort,
    async stop() {
      await closeServer(health)
      await fixture.close()
    },
  })
}

function clientsOf(port: number, { certificate }: Certificate): Pick<BalancerLab, 'open' | 'ask'> {
  const open = () => RawConnection.open(port, { ca: certificate, localAddress: CLIENT_ADDRESS })
  return {
    open,
    async ask(line, fields = [], content = '') {
      const connection = await open()
      connection.send(requestText(line, [`Host: 127.0.0.1:${port}`, ...fields], content))
      const response = await connection.response()
      connection.close()
      return response
    },
  }
}

function counter(instances: readonly Instance[]): () => number[] {
  const seen = instances.map(() => 0)
  return () =>
    instances.map(({ fixture }, index) => {
      const all = fixture.log.filter(entry => entry['event.action'] === 'request').length
      const fresh = all - (seen[index] ?? 0)
      seen[index] = all
      return fresh
    })
}
