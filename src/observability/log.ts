import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { Clock } from '../clock.ts'
import { torhausVersion } from '../torhaus-version.ts'
import { ECS_VERSION, withEcs } from './ecs.ts'

/** In every record. */
export const BASE = {
  'ecs.version': ECS_VERSION,
  'service.name': 'torhaus',
  'service.version': torhausVersion,
  'process.pid': process.pid,
}

/** Gives the time in ISO 8601 in UTC, with milliseconds; many records share one text. */
export function timestamps(now: Clock): () => string {
  let stampedMs = 0
  let stamp = ''
  return () => {
    const nowMs = now()
    if (nowMs !== stampedMs) {
      stampedMs = nowMs
      stamp = new Date(nowMs).toISOString()
    }
    return stamp
  }
}

/** Structured logs (Elastic Common Schema field names), one JSON object a line. */
export function createLog({ level }: Pick<Config['logging'], 'level'>, output: DestinationStream, now: Clock): Logger {
  const timestamp = timestamps(now)
  return pino(
    {
      level,
      base: BASE,
      messageKey: 'message',
      timestamp: () => `,"@timestamp":"${timestamp()}"`,
      formatters: { level: (label: string) => ({ 'log.level': label }), log: withEcs },
    },
    output,
  )
}
