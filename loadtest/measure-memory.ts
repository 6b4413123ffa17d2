/**
 * `npm run build && TORHAUS_BUNDLE=. node loadtest/measure-memory.ts [--tls] [--clients N] [--seconds N] [--left N] [--json]`:
 * memory of a Torhaus with one worker: after the start, the most under load (64 connections, one session, `--seconds`),
 * with `--clients` idle connections that have had one answer each, and `--left` seconds after these have left. With `--json`
 * one line, an object of the phases below. Without TORHAUS_BUNDLE it is that of the sources.
 *
 * Unlike times, these figures hold on a machine that is busy with other things.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { contendersOf } from './contenders.ts'
import { smallRequest } from './credential-fields.ts'
import { holdConnections } from './generators/idle-connections.ts'
import { saturate } from './generators/saturate.ts'
import { openLaboratory } from './lab/laboratory.ts'
import { childrenOf, memoryOf } from './lab/process-usage.ts'
import { torhaus } from './lab/torhaus.ts'

const CONNECTIONS = 64
const SAMPLE_MS = 200
const SETTLE_MS = 2000

const { values } = parseArgs({
  options: {
    tls: { type: 'boolean', default: false },
    clients: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '15' },
    left: { type: 'string', default: '60' },
    json: { type: 'boolean', default: false },
  },
})
const count = (text: string) => Math.max(1, Math.trunc(Number(text)) || 1)
const clients = count(values.clients)

await using laboratory = await openLaboratory({ tls: values.tls ? 'client' : 'none' })
const subject = await laboratory.start(torhaus('one-worker'))
const [contender] = await contendersOf([subject], laboratory)
const credentials = contender?.credentials[0]
const { port, server } = subject
if (credentials === undefined || server === undefined) throw new Error('memory is that of a process with a user')
const { directory, tls } = laboratory
const request = smallRequest(credentials, 'session')
const [worker = 0] = childrenOf(server.pid)

interface Figures {
  readonly supervisorMb: number
  readonly supervisorPssMb: number
  readonly workerMb: number
  readonly workerPssMb: number
}

function now(): Figures {
  const [ofSupervisor, ofWorker] = [memoryOf(server?.pid ?? 0), memoryOf(worker)]
  const mb = (bytes: number) => Math.round(bytes / 1e5) / 10
  return {
    ...{ supervisorMb: mb(ofSupervisor.residentBytes), supervisorPssMb: mb(ofSupervisor.proportionalBytes) },
    ...{ workerMb: mb(ofWorker.residentBytes), workerPssMb: mb(ofWorker.proportionalBytes) },
  }
}

const most = (one: Figures, other: Figures): Figures => ({
  supervisorMb: Math.max(one.supervisorMb, other.supervisorMb),
  supervisorPssMb: Math.max(one.supervisorPssMb, other.supervisorPssMb),
  workerMb: Math.max(one.workerMb, other.workerMb),
  workerPssMb: Math.max(one.workerPssMb, other.workerPssMb),
})

async function underLoad(): Promise<Figures> {
  let peak = now()
  const timer = setInterval(() => {
    peak = most(peak, now())
  }, SAMPLE_MS)
  try {
    await saturate({
      ...{ port, directory, connections: CONNECTIONS, durationS: count(values.seconds), requests: [request], tls },
      signal: AbortSignal.timeout(600_000),
    })
  } finally {
    clearInterval(timer)
  }
  return peak
}

await sleep(SETTLE_MS)
const started = now()
const load = await underLoad()
await sleep(SETTLE_MS)
const before = now()
const held = await holdConnections(port, request, clients, tls)
await sleep(SETTLE_MS)
const idle = now()
held[Symbol.dispose]()
await sleep(count(values.left) * 1000)
const left = now()
const bytesPerClient = Math.round(((idle.workerMb - before.workerMb) * 1e6) / clients)
const result = { started, load, before, idle, left, bytesPerClient }
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else {
  console.table({ started, load, before, idle, left })
  process.stdout.write(`${bytesPerClient} bytes for each idle client\n`)
}
