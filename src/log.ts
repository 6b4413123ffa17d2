import { type DestinationStream, destination, type Logger, pino } from 'pino'
import type { Config } from '../config/schema.ts'

/** Records are written when so many bytes have come together, or after so many milliseconds: one write per record would cost more than the proxying. */
const BATCH_BYTES = 65_536
const BATCH_MS = 250
/** What is kept when the reader of standard output stands still, in bytes; past it records are dropped, and the proxy goes on. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

/** Standard output, in batches. `flushSync()` writes what waits. */
export function openLogOutput() {
  return destination({
    dest: 1,
    sync: false,
    minLength: BATCH_BYTES,
    maxWrite: 2 * BATCH_BYTES,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: BATCH_MS,
  })
}

/** In every record. */
export const BASE = { 'service.name': 'torhaus', 'process.pid': process.pid }

let stampedMs = 0
let stamp = ''

/** ISO 8601 in UTC, with milliseconds; many records share one. */
export function timestamp(): string {
  const nowMs = Date.now()
  if (nowMs !== stampedMs) {
    stampedMs = nowMs
    stamp = new Date(nowMs).toISOString()
  }
  return stamp
}

/** Structured logs (Elastic Common Schema field names), one JSON object a line. */
export function createLog({ level }: Pick<Config['logging'], 'level'>, output: DestinationStream): Logger {
  return pino(
    {
      level,
      base: BASE,
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${timestamp()}"`,
      formatters: { level: (label: string) => ({ 'log.level': label }) },
    },
    output,
  )
}
