/** What Torhaus takes of memory by itself, and for one more session, principal and connection. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { contendersOf } from '../contenders.ts'
import { smallRequest } from '../credential-fields.ts'
import { holdConnections } from '../generators/idle-connections.ts'
import { saturate } from '../generators/saturate.ts'
import { openLaboratory } from '../lab/laboratory.ts'
import { usageOf } from '../lab/process-usage.ts'
import { runProgram } from '../lab/run-program.ts'
import type { LabTls } from '../lab/tls.ts'
import { torhaus } from '../lab/torhaus.ts'
import type { LoadRequest } from '../load.ts'
import { rounded } from '../results/rounded.ts'
import type { Run } from '../run-context.ts'
import type { Subject } from '../subject.ts'
import type { MemoryFigures } from './curves-result.ts'

const PROCESS = resolve(import.meta.dirname, 'memory-process.ts')
const TIMEOUT_MS = 60_000
const CACHED = { full: 20_000, short: 2000 }
const CONNECTIONS = { full: 1000, short: 200 }
/** The heap has then grown to what a load needs. */
const WARM_UP_S = 3
const SETTLE_MS = 1000

/** `subject`: a new process. */
export async function measureMemory(
  subject: Subject,
  request: LoadRequest,
  directory: string,
  { short, signal, tell }: Run,
): Promise<MemoryFigures> {
  const { port, server } = subject
  if (server === undefined) throw new Error('memory is that of a process')
  const size = short ? 'short' : 'full'
  await saturate({ port, connections: 64, durationS: WARM_UP_S, requests: [request], directory, signal })
  await sleep(SETTLE_MS, undefined, { signal })
  const base = usageOf(server.pid).residentBytes
  const bytesPerConnection = await growthPerConnection(CONNECTIONS[size], base, subject, request)
  const command = [process.execPath, '--expose-gc', PROCESS, String(CACHED[size])]
  const line = await runProgram(command, { timeoutMs: TIMEOUT_MS, signal })
  const inHeap = JSON.parse(line) as Pick<MemoryFigures, 'bytesPerSession' | 'bytesPerPrincipal'>
  const figures = { baseMb: rounded(base / 1e6), ...inHeap, bytesPerConnection: Math.round(bytesPerConnection) }
  tell(`memory: ${JSON.stringify(figures)}`)
  return figures
}

/** Bytes of one more idle client connection over TLS, of a new process, which is warm first. */
export async function measureTlsConnection({ short, signal }: Run): Promise<number> {
  await using laboratory = await openLaboratory({ tls: 'client' })
  const subject = await laboratory.start(torhaus('assertion'))
  const [contender] = await contendersOf([subject], laboratory)
  const credentials = contender?.credentials[0]
  if (credentials === undefined || subject.server === undefined) throw new Error('connections need a user')
  const request = smallRequest(credentials, 'session')
  const { directory, tls } = laboratory
  const { port, server } = subject
  await saturate({ port, connections: 64, durationS: WARM_UP_S, requests: [request], directory, tls, signal })
  await sleep(SETTLE_MS, undefined, { signal })
  const base = usageOf(server.pid).residentBytes
  return Math.round(await growthPerConnection(CONNECTIONS[short ? 'short' : 'full'], base, subject, request, tls))
}

async function growthPerConnection(
  count: number,
  base: number,
  { port, server }: Subject,
  request: LoadRequest,
  tls?: LabTls,
) {
  using _ = await holdConnections(port, request, count, tls)
  await sleep(SETTLE_MS)
  return server === undefined ? 0 : (usageOf(server.pid).residentBytes - base) / count
}
