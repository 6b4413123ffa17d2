/** Forwards an operator's questions to workers: to one for what is in the store, to all for what each has seen. */
import type { Asked, OperatorDesk, Question, Said } from '../app/operator-desk.ts'
import { newestOf } from '../observability/recent-exchanges.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Allows for a slow store, while a person waits. */
const TIMEOUT_MS = 5000

/** `serving`: workers that accept requests; `all`: includes draining ones. */
export function workersDesk(serving: () => Iterable<WorkerProcess>, all: () => Iterable<WorkerProcess>): OperatorDesk {
  const askOne =
    <What extends Question>(what: What) =>
    async (asked: Asked<What>): Promise<Said<What>> => {
      for (const worker of serving()) {
        if (!worker.isListening) continue
        // Trying the next worker is safe: ending something twice changes nothing.
        const answer = await worker.ask(what, asked, TIMEOUT_MS)
        if (answer !== undefined) return answer
      }
      throw new Error('no worker answers')
    }
  const askAll = async <What extends Question>(what: What, asked: Asked<What>) => {
    const answers = await Promise.all(
      [...all()].map(worker => worker.ask(what, asked, TIMEOUT_MS).catch(() => undefined)),
    )
    return answers.filter(answer => answer !== undefined)
  }
  return {
    signedIn: askOne('signedIn'),
    endPerson: askOne('endPerson'),
    endSession: askOne('endSession'),
    endGrant: askOne('endGrant'),
    refused: async asked => newestOf((await askAll('refused', asked)).flat()).slice(0, asked.most),
    request: async asked => (await askAll('request', asked)).find(found => found !== null) ?? null,
  }
}
