/** What all workers say together: at /metrics and /readyz. */
import type { Readiness } from '../app/readiness.ts'
import type { Generation } from './worker-generation.ts'
import type { Report } from './worker-messages.ts'
import type { WorkerState } from './worker-metrics.ts'
import type { WorkerProcess } from './worker-process.ts'

/** How long a worker may take to tell its metrics; one that is busy for longer is left out this time. */
const REPORT_TIMEOUT_MS = 1000

/** Workers of all generations, with what each has counted; one that has ended is counted among those that ended. */
export async function workerStates(generations: ReadonlySet<Generation>): Promise<WorkerState[]> {
  const workers = [...generations].flatMap(generation => [...generation.workers])
  const reports = await Promise.all(
    workers.map(async worker => [worker, await worker.report(REPORT_TIMEOUT_MS)] as const),
  )
  const alive = reports.filter(([worker]) => [...generations].some(one => one.workers.has(worker)))
  return alive.map(([worker, report]) => ({
    pid: worker.pid,
    isAnswering: report !== undefined,
    metrics: report?.metrics ?? worker.lastMetrics ?? [],
  }))
}

/**
 * By what each worker answers now, over the channel and to a request. Ready where one of them is: the others take
 * nothing.
 */
export async function readinessOf(generation: Generation, wanted: number, isStopping: boolean): Promise<Readiness> {
  const answers = await Promise.all([...generation.workers].map(answerOf))
  const parts: Record<string, string> = {}
  for (const { report } of answers)
    for (const [name, state] of Object.entries(report?.readiness.parts ?? {}))
      parts[name] = parts[name] === undefined || parts[name] === state ? state : `${parts[name]}, ${state}`
  const answering = answers.filter(({ worker, report, isSilent }) => worker.isListening && report && !isSilent)
  for (const { worker } of answers.filter(({ report, isSilent }) => report === undefined || isSilent))
    parts[`worker ${worker.pid}`] = worker.isListening ? 'does not answer' : 'starts'
  return {
    ready: !isStopping && answering.some(({ report }) => report?.readiness.ready === true),
    parts: {
      ...parts,
      ...(isStopping ? { listener: 'draining' } : {}),
      workers: `${answering.length} of ${wanted}`,
    },
  }
}

interface Answer {
  readonly worker: WorkerProcess
  readonly report: Report | undefined
  readonly isSilent: boolean
}

async function answerOf(worker: WorkerProcess): Promise<Answer> {
  const [report, isSilent] = await Promise.all([worker.report(REPORT_TIMEOUT_MS), worker.asksInVain(REPORT_TIMEOUT_MS)])
  return { worker, report, isSilent }
}
