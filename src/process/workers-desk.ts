/** What an operator asks, put to the workers: to one of them what the store knows, to all what each has seen. */
import type { Asked, OperatorDesk, Question, Said } from '../app/operator-desk.ts'
import { newestOf } from '../observability/recent-exchanges.ts'
import type { WorkerProcess } from './worker-process.ts'

/** The store may be slow, and a person waits. */
const TIMEOUT_MS = 5000

/** `serving`: those that take requests; `all`: also those that finish theirs. */
export function workersDesk(serving: () => Iterable<WorkerProcess>, all: () => Iterable<WorkerProcess>): OperatorDesk {
  const askOne =
    <What extends Question>(what: What) =>
    async (asked: Asked<What>): Promise<Said<What>> => {
      for (const worker of serving()) {
        if (!worker.isListening) continue
        // The next one can do the same: what ends is ended once.
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
