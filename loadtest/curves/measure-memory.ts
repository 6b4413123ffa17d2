/** What Torhaus takes of memory by itself, and for one more session, principal and connection. */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdConnections } from '../generators/idle-connections.ts'
import { saturate } from '../generators/saturate.ts'
import { usageOf } from '../lab/process-usage.ts'
import { runProgram } from '../lab/run-program.ts'
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

/** `torhaus`: a new process. */
export async function measureMemory(
  torhaus: Subject,
  request: LoadRequest,
  directory: string,
  { short, signal, tell }: Run,
): Promise<MemoryFigures> {
  const { port, server } = torhaus
  if (server === undefined) throw new Error('memory is that of a process')
  const size = short ? 'short' : 'full'
  await saturate({ port, connections: 64, durationS: WARM_UP_S, requests: [request], directory, signal })
  await sleep(SETTLE_MS, undefined, { signal })
  const base = usageOf(server.pid).residentBytes
  const bytesPerConnection = await growthPerConnection(CONNECTIONS[size], base, torhaus, request)
  const command = [process.execPath, '--expose-gc', PROCESS, String(CACHED[size])]
  const line = await runProgram(command, { timeoutMs: TIMEOUT_MS, signal })
  const inHeap = JSON.parse(line) as Pick<MemoryFigures, 'bytesPerSession' | 'bytesPerPrincipal'>
  const figures = { baseMb: rounded(base / 1e6), ...inHeap, bytesPerConnection: Math.round(bytesPerConnection) }
  tell(`memory: ${JSON.stringify(figures)}`)
  return figures
}

async function growthPerConnection(count: number, base: number, { port, server }: Subject, request: LoadRequest) {
  using _ = await holdConnections(port, request, count)
  await sleep(SETTLE_MS)
  return server === undefined ? 0 : (usageOf(server.pid).residentBytes - base) / count
}
