/**
 * One log record per exchange, whatever happened, with the field names of the Elastic Common Schema, or where wished in the
 * compact form (compact-access-line.ts). Never a query, a cookie, an Authorization field or a content: they may hold secrets.
 */

import { type DestinationStream, type Logger, symbols } from 'pino'
import type { Config } from '../../config/schema.ts'
import { remembered } from '../bounded-map.ts'
import { causeChain } from '../cause-chain.ts'
import type { Clock } from '../clock.ts'
import { errorTable } from '../errors.ts'
import { elapsed, inOnePiece, member, ownerOf, quoted, traceOf } from './access-values.ts'
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
  const { known, outcome, code, cause } = record
  const { response, request, arrivedAtMs, requestId, target, clientAddress } = known
  const status = response.headersSent ? response.statusCode : code && errorTable[code].status
  const durationNs = Math.round((closedAtMs - arrivedAtMs) * 1e6)
  let line = `{"log.level":"${level}","@timestamp":"${stamp}${OUTCOME_MEMBERS[outcome]}${durationNs}`
  // What a client can choose is escaped; the rest comes from closed sets.
  if (requestId !== undefined) line += `,"http.request.id":"${requestId}"`
  line += `${methodMember(request.method ?? '')},"http.request.body.bytes":${record.requestBytes}`
  if (status !== undefined) line += `,"http.response.status_code":${status}`
  line += `,"http.response.body.bytes":${record.responseBytes}`
  if (target !== undefined) line += `,"url.path":${quoted(target.path)}`
  if (clientAddress !== undefined) line += clientMembers(clientAddress)
  const traceId = traceOf(known)
  if (traceId !== undefined) line += `,"trace.id":"${traceId}"`
  const account = known.account ?? ownerOf(known.principal)
  if (account !== undefined) line += accountMember(account)
  const userAgent = known.fields?.kept['user-agent']
  if (userAgent !== undefined) line += userAgentMember(userAgent)
  if (known.credentials !== undefined) line += schemeMember(known.credentials.scheme)
  if (known.clientClass !== undefined) line += classMember(known.clientClass)
  if (known.admittedBy !== undefined) line += policyMember(known.admittedBy)
  if (code !== undefined) line += `,"torhaus.code":"${code}"`
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

const methodMember = member(method => `,"http.request.method":${method}`)
const accountMember = member(account => `,"user.name":${account}`)
const userAgentMember = member(userAgent => `,"user_agent.original":${userAgent}`)
const schemeMember = member(scheme => `,"torhaus.scheme":${scheme}`)
const classMember = member(clientClass => `,"torhaus.client_class":${clientClass}`)
const policyMember = member(policy => `,"torhaus.admitted_by":${policy}`)
const stageMember = member(stage => `,"torhaus.stage":${stage}`)
const clientMembers = remembered(
  address => {
    const text = quoted(address)
    return inOnePiece(`,"client.address":${text}${ipOf(address) === undefined ? '' : `,"client.ip":${text}`}`)
  },
  { capacity: 2048, maxLength: 64 },
)
