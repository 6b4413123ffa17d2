import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'
import type { Config } from '../config/schema.ts'

/** Structured logs (Elastic Common Schema field names), one JSON object a line. */
export function createLog({ level }: Pick<Config['logging'], 'level'>, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { 'service.name': 'torhaus', 'process.pid': process.pid },
    messageKey: 'message',
    timestamp: () => `,"@timestamp":"${stdTimeFunctions.isoTime().slice(9, -1)}"`,
    formatters: { level: (label: string) => ({ 'log.level': label }) },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
