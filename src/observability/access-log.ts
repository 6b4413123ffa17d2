/**
 * One log record per exchange, whatever happened, with the field names of the Elastic Common Schema. Never a query, a
 * cookie, an Authorization field or a content: they may hold secrets.
 */

import { type DestinationStream, type Logger, symbols } from 'pino'
import { causeChain } from '../cause-chain.ts'
import type { Clock } from '../clock.ts'
import { errorTable } from '../errors.ts'
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
    `"event.outcome":"${ECS_OUTCOMES[outcome]}","torhaus.outcome":"${outcome}",` +
    `"event.duration":${Math.round((closedAtMs - arrivedAtMs) * 1e6)}`
  // What a client can choose is escaped; the rest comes from closed sets.
  if (known.requestId !== undefined) line += `,"http.request.id":"${known.requestId}"`
  line += `,"http.request.method":${JSON.stringify(request.method)},"http.request.body.bytes":${record.requestBytes}`
  if (status !== undefined) line += `,"http.response.status_code":${status}`
  line += `,"http.response.body.bytes":${record.responseBytes}`
  if (known.target !== undefined) line += `,"url.path":${JSON.stringify(known.target.path)}`
  if (known.clientAddress !== undefined) line += `,"client.address":${JSON.stringify(known.clientAddress)}`
  const account = known.account ?? ownerOf(known.principal)
  if (account !== undefined) line += `,"user.name":${JSON.stringify(account)}`
  const userAgent = known.fields?.kept['user-agent']
  if (userAgent !== undefined) line += `,"user_agent.original":${JSON.stringify(userAgent)}`
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

/** Of a token whose owner the server has named. */
const ownerOf = (principal: ExchangeRecord['known']['principal']) =>
  principal?.kind === 'server-checked' ? principal.owner?.account : undefined

const elapsed = (fromMs: number, toMs: number) => Math.round((toMs - fromMs) * 1000) / 1000
