/**
 * One log record per exchange, whatever happened, with the field names of the Elastic Common Schema. Never a query, a
 * cookie, an Authorization field or a content: they may hold secrets.
 */
import type { Logger } from 'pino'
import { errorTable } from './errors.ts'
import type { ExchangeRecord, Outcome } from './exchange-record.ts'

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

export function writeAccessRecord(log: Logger, record: ExchangeRecord, closedAtMs: number): void {
  const { known, outcome, code, stage, cause } = record
  const entry = {
    'event.action': 'request',
    'event.outcome': ECS_OUTCOMES[outcome],
    'torhaus.outcome': outcome,
    'event.duration': Math.round((closedAtMs - known.arrivedAtMs) * 1e6),
    'http.request.id': known.requestId,
    'http.request.method': known.request.method,
    'http.request.body.bytes': record.requestBytes,
    'http.response.status_code': record.known.response.headersSent
      ? known.response.statusCode
      : code && errorTable[code].status,
    'http.response.body.bytes': record.responseBytes,
    'url.path': known.target?.path,
    'client.address': known.clientAddress,
    'user.name': known.account,
    'user_agent.original': known.fields?.kept['user-agent'],
    'torhaus.scheme': known.credentials?.scheme,
    'torhaus.client_class': known.clientClass,
    'torhaus.admitted_by': known.admittedBy,
    'torhaus.code': code,
    'torhaus.stage': stage,
    'torhaus.decide_ms': elapsed(known.arrivedAtMs, record.decidedAtMs),
    'torhaus.upstream_first_byte_ms': elapsed(record.decidedAtMs, record.upstreamFirstByteAtMs),
    'error.message': cause instanceof Error ? causeChain(cause) : undefined,
  }
  if (outcome === 'failed') log.warn(entry)
  else log.info(entry)
}

function elapsed(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.round((toMs - fromMs) * 1000) / 1000
}

/** Messages and codes down the causes: what lies behind a fault. Only names and messages, so that no object is printed whole. */
export function causeChain(error: Error): string {
  const parts: string[] = []
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code
    parts.push(code === undefined || at.message.includes(code) ? at.message : `${at.message} (${code})`)
  }
  return parts.join(' <- ')
}
