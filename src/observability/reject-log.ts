/** Connections that never became a request, for the log. */
import type { Logger } from 'pino'
import type { MonotonicClock } from '../clock.ts'
import type { Code } from '../errors.ts'
import { boundedRecords, type WriteBounded } from './bounded-records.ts'
import { ipOf } from './ecs.ts'

export class RejectLog {
  readonly #write: WriteBounded

  constructor(log: Logger, monotonic: MonotonicClock) {
    this.#write = boundedRecords(log, 'info', monotonic)
  }

  /** `reason`: of a closed set. */
  write(code: Code, client: string | undefined, reason?: string): void {
    const kind = reason === undefined ? code : `${code} ${reason}`
    const what = { 'event.action': 'reject', 'torhaus.code': code, 'torhaus.reason': reason }
    this.#write(kind, what, { 'client.address': client, 'client.ip': ipOf(client) })
  }
}
