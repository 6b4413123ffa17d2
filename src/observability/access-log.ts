/**
 * One log record per exchange, whatever happened, with the field names of the Elastic Common Schema, or where wished in the
 * compact form (compact-access-line.ts). Never a query, a cookie, an Authorization field or a content: they may hold secrets.
 */

import { type DestinationStream, type Logger, symbols } from 'pino'
import type { Config } from '../../config/schema.ts'
import { remembered } from '../bounded-map.ts'
import { causeChain } from '../cause-chain.ts'
import type { Clock } from '../clock.ts'
import { elapsed, inOnePiece, member, quoted, recordedPath, senderMembers, statusOf } from './access-values.ts'
import { compactLine } from './compact-access-line.ts'
import { ACCESS_MEMBERS, FAILED_ACCESS_MEMBERS, ipOf } from './ecs.ts'
import type { ExchangeRecord, Outcome } from './exchange-record.ts'
import { BASE, timestamps } from './log.ts'

/** ECS knows three. A redirect to the sign-in is how it is meant to go. */
const ECS_OUTCOMES: Record<Outcome, 'success' | 'failure' | 'unknown'> = {
  forwarded: 'success',
  answered: 'success',
  redirected: 'success',
  challenged: 'failure',
  denied: 'failure',
  failed: 'failure',
  aborted: 'unknown',
}

const BASE_MEMBERS = JSON.stringify(BASE).slice(1, -1)

/** From the time to the duration: all of it is the same for all exchanges that ended so. */
const OUTCOME_MEMBERS = Object.fromEntries(
  Object.entries(ECS_OUTCOMES).map(([ours, ecs]) => [
    ours,
    `",${BASE_MEMBERS},"event.action":"request",${ours === 'failed' ? FAILED_ACCESS_MEMBERS : ACCESS_MEMBERS},` +
      `"event.outcome":"${ecs}","torhaus.outcome":"${ours}","event.duration":`,
  ]),
) as Record<Outcome, string>

/** Writes the record of an exchange whose response closed at `closedAtMs` (monotonic). */
export type AccessLog = (record: ExchangeRecord, closedAtMs: number) => void

/**
 * The records go to the output of `log`, put together here: there is one for each request, and its members are known,
 * which a general serializer has to find out each time (docs/performance tells what that costs).
 */
export function accessLog(log: Logger, now: Clock, form: Config['logging']['accessForm'] = 'ecs'): AccessLog {
  const timestamp = timestamps(now)
  const lineOf = form === 'compact' ? compactLine : ecsLine
  const output = Reflect.get(log, symbols.streamSym) as DestinationStream
  return (record, closedAtMs) => {
    const level = record.outcome === 'failed' ? 'warn' : 'info'
    if (log.isLevelEnabled(level)) output.write(lineOf(record, level, timestamp(), closedAtMs))
  }
}

function ecsLine(record: ExchangeRecord, level: string, stamp: string, closedAtMs: number): string {
  const { known, outcome, cause } = record
  const { request, arrivedAtMs, requestId, target } = known
  const status = statusOf(record)
  const durationNs = Math.round((closedAtMs - arrivedAtMs) * 1e6)
  let line = `{"log.level":"${level}","@timestamp":"${stamp}${OUTCOME_MEMBERS[outcome]}${durationNs}`
  // What a client can choose is escaped; the rest comes from closed sets.
  if (requestId !== undefined) line += `,"http.request.id":"${requestId}"`
  line += `${methodMember(request.method ?? '')},"http.request.body.bytes":${record.requestBytes}`
  if (status !== undefined) line += `,"http.response.status_code":${status}`
  line += `,"http.response.body.bytes":${record.responseBytes}`
  if (target !== undefined) line += `,"url.path":${quoted(recordedPath(target.path))}`
  line = withSender(line, record)
  line += stageMember(record.stage)
  const { decidedAtMs, upstreamFirstByteAtMs } = record
  if (decidedAtMs !== undefined) {
    line += `,"torhaus.decide_ms":${elapsed(arrivedAtMs, decidedAtMs)}`
    if (upstreamFirstByteAtMs !== undefined)
      line += `,"torhaus.upstream_first_byte_ms":${elapsed(decidedAtMs, upstreamFirstByteAtMs)}`
  }
  if (cause instanceof Error) line += `,"error.message":${JSON.stringify(causeChain(cause))}`
  return `${line}}\n`
}

const methodMember = member('http.request.method')
const stageMember = member('torhaus.stage')
const clientMembers = remembered(
  address => {
    const text = quoted(address)
    return inOnePiece(`,"client.address":${text}${ipOf(address) === undefined ? '' : `,"client.ip":${text}`}`)
  },
  { capacity: 2048, maxLength: 64 },
)
const withSender = senderMembers(
  {
    ...{ trace: 'trace.id', account: 'user.name', userAgent: 'user_agent.original', scheme: 'torhaus.scheme' },
    ...{ clientClass: 'torhaus.client_class', policy: 'torhaus.admitted_by', code: 'torhaus.code' },
  },
  clientMembers,
)
