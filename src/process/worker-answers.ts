/**
 * The workers' combined answers at /metrics and /readyz. Everybody who reaches the admin listener may ask for
 * readiness, which costs each worker a real request, so concurrent questions share one.
 */
import type { Readiness } from '../app/readiness.ts'
import type { Report } from './worker-messages.ts'
import type { WorkerState } from './worker-metrics.ts'
import type { WorkerProcess } from './worker-process.ts'

/** How long a worker may take to report its metrics; a busier one is left out this time. */
const REPORT_TIMEOUT_MS = 1000

type Worker = Pick<WorkerProcess, 'isUnresponsive' | 'isListening' | 'lastMetrics' | 'pid' | 'report'>

interface Answer {
  readonly report: Report | undefined
  readonly isSilent: boolean
}

export class WorkerAnswers {
  readonly #report = oneAtATime(worker => worker.report(REPORT_TIMEOUT_MS))
  readonly #answer = oneAtATime(answerOf)

  /** Workers of all generations with their metrics. One that ended is in the sums of ended workers instead. */
  async states(generations: ReadonlySet<{ readonly workers: ReadonlySet<Worker> }>): Promise<WorkerState[]> {
    const workers = [...generations].flatMap(generation => [...generation.workers])
    const reports = await Promise.all(workers.map(async worker => [worker, await this.#report(worker)] as const))
    const alive = reports.filter(([worker]) => [...generations].some(one => one.workers.has(worker)))
    return alive.map(([worker, report]) => ({
      pid: worker.pid,
      isAnswering: report !== undefined,
      metrics: report?.metrics ?? worker.lastMetrics ?? [],
    }))
  }

  /**
   * From what each worker answers now, over the channel and to a request. Ready if one of them is, because the others
   * accept nothing.
   */
  async readiness(
    { workers }: { readonly workers: ReadonlySet<Worker> },
    wanted: number,
    isStopping: () => boolean,
  ): Promise<Readiness> {
    const answers = await Promise.all([...workers].map(async worker => ({ worker, ...(await this.#answer(worker)) })))
    const parts: Record<string, string> = {}
    for (const { report } of answers)
      for (const [name, state] of Object.entries(report?.readiness.parts ?? {}))
        parts[name] = parts[name] === undefined || parts[name] === state ? state : `${parts[name]}, ${state}`
    const answering = answers.filter(({ worker, report, isSilent }) => worker.isListening && report && !isSilent)
    for (const { worker } of answers.filter(({ report, isSilent }) => report === undefined || isSilent))
      parts[`worker ${worker.pid}`] = worker.isListening ? 'does not answer' : 'starts'
    return {
      ready: !isStopping() && answering.some(({ report }) => report?.readiness.ready === true),
      parts: {
        ...parts,
        ...(isStopping() ? { listener: 'draining' } : {}),
        workers: `${answering.length} of ${wanted}`,
      },
    }
  }
}

async function answerOf(worker: Worker): Promise<Answer> {
  const [report, isSilent] = await Promise.all([
    worker.report(REPORT_TIMEOUT_MS),
    worker.isUnresponsive(REPORT_TIMEOUT_MS),
  ])
  return { report, isSilent }
}

/** Asks each worker one question at a time; concurrent callers get the same answer. */
function oneAtATime<T>(ask: (worker: Worker) => Promise<T>): (worker: Worker) => Promise<T> {
  const asked = new WeakMap<Worker, Promise<T>>()
  return worker => {
    const known = asked.get(worker)
    if (known !== undefined) return known
    const answer = ask(worker).finally(() => asked.delete(worker))
    asked.set(worker, answer)
    return answer
  }
}
