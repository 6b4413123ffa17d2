/**
 * One log record per exchange, whatever happened, with the field names of the Elastic Common Schema. Never a query, a
 * cookie, an Authorization field or a content: they may hold secrets.
 */

import { type DestinationStream, type Logger, symbols } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { Clock } from '../clock.ts'
import { errorTable } from '../errors.ts'
import { readTraceparent } from '../http/trace-context.ts'
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

const OUTCOME_MEMBERS = Object.fromEntries(
  Object.entries(ECS_OUTCOMES).map(([ours, ecs]) => [
    ours,
    `${ours === 'failed' ? FAILED_ACCESS_MEMBERS : ACCESS_MEMBERS},"event.outcome":"${ecs}","torhaus.outcome":"${ours}"`,
  ]),
) as Record<Outcome, string>

/** Writes the record of an exchange whose response closed at `closedAtMs` (monotonic). */
export type AccessLog = (record: ExchangeRecord, closedAtMs: number) => void

const BASE_MEMBERS = JSON.stringify(BASE).slice(1, -1)

/**
 * The records go to the output of `log`, put together here: there is one for each request, and its members are known,
 * which a general serializer has to find out each time (docs/performance tells what that costs).
 */
export function accessLog(log: Logger, now: Clock): AccessLog {
  const timestamp = timestamps(now)
  const output = Reflect.get(log, symbols.streamSym) as DestinationStream
  return (record, closedAtMs) => {
    const level = record.outcome === 'failed' ? 'warn' : 'info'
    if (log.isLevelEnabled(level)) output.write(lineOf(record, level, timestamp(), closedAtMs))
  }
}

function lineOf(record: ExchangeRecord, level: string, stamp: string, closedAtMs: number): string {
  const { known, outcome, code, cause } = record
  const { response, request, arrivedAtMs } = known
  const status = response.headersSent ? response.statusCode : code && errorTable[code].status
  let line =
    `{"log.level":"${level}","@timestamp":"${stamp}",${BASE_MEMBERS},"event.action":"request",` +
    `${OUTCOME_MEMBERS[outcome]},"event.duration":${Math.round((closedAtMs - arrivedAtMs) * 1e6)}`
  // What a client can choose is escaped; the rest comes from closed sets.
  if (known.requestId !== undefined) line += `,"http.request.id":"${known.requestId}"`
  line += `,"http.request.method":${quoted(request.method ?? '')},"http.request.body.bytes":${record.requestBytes}`
  if (status !== undefined) line += `,"http.response.status_code":${status}`
  line += `,"http.response.body.bytes":${record.responseBytes}`
  if (known.target !== undefined) line += `,"url.path":${quoted(known.target.path)}`
  line += clientMembers(known)
  const account = known.account ?? ownerOf(known.principal)
  if (account !== undefined) line += `,"user.name":${quoted(account)}`
  const userAgent = known.fields?.kept['user-agent']
  if (userAgent !== undefined) line += `,"user_agent.original":${quoted(userAgent)}`
  if (known.credentials !== undefined) line += `,"torhaus.scheme":"${known.credentials.scheme}"`
  if (known.clientClass !== undefined) line += `,"torhaus.client_class":"${known.clientClass}"`
  if (known.admittedBy !== undefined) line += `,"torhaus.admitted_by":"${known.admittedBy}"`
  if (code !== undefined) line += `,"torhaus.code":"${code}"`
  line += `,"torhaus.stage":"${record.stage}"`
  const { decidedAtMs, upstreamFirstByteAtMs } = record
  if (decidedAtMs !== undefined) {
    line += `,"torhaus.decide_ms":${elapsed(arrivedAtMs, decidedAtMs)}`
    if (upstreamFirstByteAtMs !== undefined)
      line += `,"torhaus.upstream_first_byte_ms":${elapsed(decidedAtMs, upstreamFirstByteAtMs)}`
  }
  if (cause instanceof Error) line += `,"error.message":${JSON.stringify(causeChain(cause))}`
  return `${line}}\n`
}

/** Nothing in it needs escaping. */
const PLAIN = /^[ !#-[\]-~]*$/
const quoted = (text: string) => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** Who asks; and in which trace, as a peer says that is believed. */
function clientMembers({ clientAddress, peerIsTrusted, fields, span }: ExchangeRecord['known']): string {
  let members = ''
  if (clientAddress !== undefined) {
    const address = quoted(clientAddress)
    members += `,"client.address":${address}`
    if (ipOf(clientAddress) !== undefined) members += `,"client.ip":${address}`
  }
  const traceId =
    span?.traceId ?? (peerIsTrusted === true ? readTraceparent(fields?.kept.traceparent)?.traceId : undefined)
  return traceId === undefined ? members : `${members},"trace.id":"${traceId}"`
}

/** Of a token whose owner the server has named. */
const ownerOf = (principal: ExchangeRecord['known']['principal']) =>
  principal?.kind === 'server-checked' ? principal.owner?.account : undefined

/** Milliseconds with three decimals. From a table: a general text of such a number costs as much as five members. */
function elapsed(fromMs: number, toMs: number): string {
  const us = Math.max(0, Math.round((toMs - fromMs) * 1000))
  const whole = Math.floor(us / 1000)
  return `${whole}.${DECIMALS[us - whole * 1000]}`
}

const DECIMALS = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths).padStart(3, '0'))
