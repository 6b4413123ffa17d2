/** The directory and Apache, once for a test file, and any number of Torhaus processes in front of them. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApacheOrigin, startApacheOrigin } from '../../devkit/realm/apache-origin.ts'
import { type KerberosClient, kinit } from '../../devkit/realm/clients.ts'
import { type Initiator, startInitiator } from '../../devkit/realm/initiator.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { type LabTorhaus, type LabTorhausOptions, startLabTorhaus } from '../../devkit/realm/lab-torhaus.ts'
import { type SambaKdc, type SambaKdcOptions, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { type Asking, ask, type ProxyAnswer } from './proxy-client.ts'

export type LogRecord = Readonly<Record<string, unknown>>

export type LabProxy = LabTorhaus & {
  ask(path: string, asking?: Asking): Promise<ProxyAnswer>
  /** An access token of the OP with the second factor, for any account name. */
  bearerOf(account: string): Promise<string>
  /** Sum over the series of a metric whose labels are these. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>
  readiness(): Promise<{ ready: boolean; parts: Record<string, string> }>
  log(): Promise<string>
  /** The first log record that matches; waits, for the record is written after the client has its answer. */
  logged(matches: (record: LogRecord) => boolean): Promise<LogRecord>
}

export type ProxyLab = {
  readonly kdc: SambaKdc
  readonly apache: ApacheOrigin
  /** By default before the per-request host. */
  proxy(options?: Partial<LabTorhausOptions>): Promise<LabProxy>
  client(account: string): Promise<KerberosClient>
  /** A token of the account for the proxy or another service, made by the independent initiator. */
  token(account: string, spn?: string): Promise<string>
  close(): Promise<void>
}

const WAIT_MS = 60_000
const POLL_MS = 20

export async function startProxyLab(options: SambaKdcOptions = {}): Promise<ProxyLab> {
  await using undo = new AsyncDisposableStack()
  const kdc = await startSambaKdc(options)
  undo.defer(kdc.close)
  const apache = await startApacheOrigin({ kdc })
  undo.defer(apache.close)
  let initiator: Promise<Initiator> | undefined
  undo.defer(async () => (await initiator)?.close())
  const clients = new Map<string, Promise<KerberosClient>>()
  const client = (account: string) => {
    const known = clients.get(account) ?? kinit(kdc, account)
    clients.set(account, known)
    return known
  }
  const kept = undo.move()
  return {
    kdc,
    apache,
    client,
    async proxy(changes = {}) {
      const torhaus = await startLabTorhaus({ kdc, upstream: apache.perRequest, firstFactorIsEnough: true, ...changes })
      kept.defer(() => torhaus.stop())
      return proxyOf(torhaus)
    },
    async token(account, spn = `HTTP@${PROXY_NAME}`) {
      initiator ??= startInitiator(kdc)
      const { ccache } = await client(account)
      return (await initiator).negotiateToken({ spn, ccache })
    },
    close: () => kept.disposeAsync(),
  }
}

function proxyOf(torhaus: LabTorhaus): LabProxy {
  const log = () => readFile(torhaus.logFile, 'utf8')
  return {
    ...torhaus,
    ask: (path, asking) => ask(torhaus, path, asking),
    bearerOf: account => torhaus.op.issueAccessToken('alice', { preferred_username: account }),
    async metric(name, labels = {}) {
      const response = await fetch(`${torhaus.adminUrl}/metrics`)
      return sumOf(await response.text(), name, labels)
    },
    async readiness() {
      return (await fetch(`${torhaus.adminUrl}/readyz`)).json() as Promise<Awaited<ReturnType<LabProxy['readiness']>>>
    },
    log,
    async logged(matches) {
      const deadline = performance.now() + WAIT_MS
      for (;;) {
        const found = recordsOf(await log()).find(matches)
        if (found !== undefined) return found
        if (performance.now() > deadline) throw new Error('no such record in the log')
        await sleep(POLL_MS)
      }
    },
  }
}

function recordsOf(log: string): LogRecord[] {
  return log
    .split('\n')
    .filter(line => line.startsWith('{') && line.endsWith('}'))
    .map(line => JSON.parse(line))
}

function sumOf(exposition: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return exposition
    .split('\n')
    .filter(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .filter(line => wanted.every(pair => line.includes(pair)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
