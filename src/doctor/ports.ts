import { createServer } from 'node:net'
import { isAddressMissing, listenAddresses } from '../listener/listen-addresses.ts'
import { listenProblem } from '../listener/listen-problem.ts'
import { ask } from './ask.ts'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'
import { directUrl, isTorhaus } from './own-listener.ts'

const TIMEOUT_MS = 3000

/** Whether both listeners can be opened, or are ours already. */
export const examinePorts: Examination = async ({ config }) => {
  const { listener, admin } = config
  const isRunning = () => isAdmin(directUrl(admin.tls === undefined ? 'http:' : 'https:', admin))
  // One that wants a PROXY protocol header first does not answer us.
  const isListener = async () => (await isTorhaus(config)) || (listener.proxyProtocol && (await isRunning()))
  return [
    ...(await portFindings('listener', [listener.host], listener.port, isListener)),
    ...(await portFindings('admin', await addressesOf(admin.host), admin.port, isRunning)),
  ]
}

/** A name that leads nowhere says so once somebody listens there. */
const addressesOf = (host: string) => listenAddresses(host).catch(() => [host])

async function portFindings(
  section: 'listener' | 'admin',
  hosts: readonly string[],
  port: number,
  isOurs: () => Promise<boolean>,
): Promise<Finding[]> {
  const tried = await Promise.all(hosts.map(async host => ({ host, error: await failureToListen(host, port) })))
  const there = tried.filter(({ error }) => !isAddressMissing(error))
  const isFree = async (error: NodeJS.ErrnoException | undefined) =>
    error === undefined || (error.code === 'EADDRINUSE' && (await isOurs()))
  const findings: Finding[] = []
  for (const { host, error } of there.length > 0 ? there : tried) {
    if (await isFree(error)) continue
    const problem = listenProblem(error, { section, host, port }) ?? {
      ...{ option: `${section}.host`, what: `nothing can listen on ${host} (${error?.message})` },
      remedy: `check ${section}.host and ${section}.port`,
    }
    findings.push({ ...problem, why: 'Torhaus cannot start', severity: 'error' })
  }
  return findings
}

function failureToListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>()
  const server = createServer()
  server.on('error', resolve)
  server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  return promise
}

const isAdmin = (url: URL): Promise<boolean> =>
  // Nothing secret is sent, and the certificate is for whoever asks by its name.
  ask(new URL('/livez', url), { timeoutMs: TIMEOUT_MS, tls: { rejectUnauthorized: false } }).then(
    ({ text }) => /^\{"alive":/.test(text),
    () => false,
  )
