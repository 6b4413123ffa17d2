/**
 * The instance that is attacked: plain or TLS, two workers, between an OP and an origin server; people who may pass.
 */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { startEchoOrigin } from '../origin/echo-origin.ts'
import { createCertificate } from '../torhaus/certificate.ts'
import { freePorts } from '../torhaus/free-port.ts'
import { samplePat } from '../torhaus/proxy-under-test.ts'
import { agreed, torhausAddresses, torhausClient, writeTorhausConfig } from '../torhaus/torhaus-config.ts'
import { Instance } from './instance.ts'
import type { PeopleSettings } from './people.ts'

export interface ConnectionTarget {
  readonly port: number
  readonly people: PeopleSettings
  /** Open in all workers together. */
  descriptors(): number
  /** Of the largest worker. */
  memoryMb(): number
  close(): Promise<void>
}

const PEOPLE = 6
const HOUR_S = 3600

export async function startConnectionTarget(isTls: boolean): Promise<ConnectionTarget> {
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-chaos-')
  undo.defer(remove)
  const [port, adminPort] = await freePorts()
  const addresses = torhausAddresses(port)
  const { publicUrl } = addresses
  const clientSecret = randomBytes(24).toString('base64url')
  const op = await startOpenIdProvider({
    users: [{ name: 'ada', password: 'correct horse', totpSecret: newTotpSecret(randomBytes) }],
    audience: agreed.audience,
    clients: [torhausClient(addresses, clientSecret)],
  })
  undo.defer(() => op.close())
  const origin = await startEchoOrigin()
  undo.defer(() => origin.close())
  const certificate = await createCertificate('IP:127.0.0.1')
  undo.defer(() => certificate.remove())
  const { certificateFile, privateKeyFile } = certificate
  const setting = { port, adminPort, issuer: op.issuer, clientSecret, directory, upstreamUrl: origin.url }
  const file = await writeTorhausConfig(setting, config => ({
    ...config,
    publicUrl: isTls ? publicUrl.replace('http:', 'https:') : publicUrl,
    listener: { ...config.listener, workers: 2, ...(isTls ? { tls: { certificateFile, privateKeyFile } } : {}) },
    // Short, so that what is left open is a leak, and not kept for later.
    upstream: { ...config.upstream, keepAliveTimeoutMs: 1000, identity: { kind: 'none' } },
  }))
  const instance = new Instance(file, port, adminPort, join(directory, 'torhaus.log'))
  await instance.start()
  undo.defer(() => instance.killAll())
  const bearer = await op.issueAccessToken('ada', { exp: Math.floor(Date.now() / 1000) + HOUR_S })
  const pat = Buffer.from(`:${samplePat}`).toString('base64')
  const kept = undo.move()
  return {
    port,
    people: {
      url: `${isTls ? 'https' : 'http'}://127.0.0.1:${port}/DefaultCollection/_apis/projects`,
      fields: Array.from({ length: PEOPLE }, (_, index) => ({
        Authorization: index % 3 === 0 ? `Basic ${pat}` : `Bearer ${bearer}`,
      })),
    },
    descriptors: () => instance.workers().reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0),
    memoryMb: () => Math.max(...instance.workers().map(residentMb)),
    close: () => kept.disposeAsync(),
  }
}

function residentMb(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}
