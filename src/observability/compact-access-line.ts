/**
 * An access record in fewer bytes: short names, and nothing that is the same in all of them or follows from the rest
 * (docs/operations.md has the name in ECS of each). It is the only record without `log.level`, and begins with `t`.
 */
import { causeChain } from '../cause-chain.ts'
import { elapsed, member, quoted, recordedPath, senderMembers, statusOf } from './access-values.ts'
import type { ExchangeRecord } from './exchange-record.ts'

/** `stamp`: RFC 3339. `closedAtMs`: monotonic, when the response closed. */
export function compactLine(record: ExchangeRecord, _level: string, stamp: string, closedAtMs: number): string {
  const { known, outcome, cause } = record
  const { request, arrivedAtMs, requestId, target } = known
  const status = statusOf(record)
  let line = `{"t":"${stamp}","o":"${outcome}","d":${elapsed(arrivedAtMs, closedAtMs)}`
  // What a client can choose is escaped; the rest comes from closed sets.
  if (requestId !== undefined) line += `,"id":"${requestId}"`
  line += methodMember(request.method ?? '')
  if (target !== undefined) line += `,"p":${quoted(recordedPath(target.path))}`
  if (status !== undefined) line += `,"s":${status}`
  if (record.requestBytes > 0) line += `,"in":${record.requestBytes}`
  if (record.responseBytes > 0) line += `,"out":${record.responseBytes}`
  line = withSender(line, record)
  // What was forwarded ended there.
  if (outcome !== 'forwarded') line += stageMember(record.stage)
  line += timesOf(record)
  if (cause instanceof Error) line += `,"err":${JSON.stringify(causeChain(cause))}`
  return `${line}}\n`
}

function timesOf({ known, decidedAtMs, upstreamFirstByteAtMs }: ExchangeRecord): string {
  if (decidedAtMs === undefined) return ''
  const decided = `,"pd":${elapsed(known.arrivedAtMs, decidedAtMs)}`
  return upstreamFirstByteAtMs === undefined
    ? decided
    : `${decided},"fb":${elapsed(decidedAtMs, upstreamFirstByteAtMs)}`
}

const methodMember = member('m')
const stageMember = member('st')
const withSender = senderMembers(
  { trace: 'tr', account: 'u', userAgent: 'ua', scheme: 'a', clientClass: 'c', policy: 'by', code: 'e' },
  member('ip'),
)
