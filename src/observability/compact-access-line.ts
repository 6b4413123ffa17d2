/**
 * An access record in fewer bytes: short names, and nothing that is the same in all of them or follows from the rest
 * (docs/operations.md has the name in ECS of each). It is the only record without `log.level`, and begins with `t`.
 */
import { causeChain } from '../cause-chain.ts'
import { errorTable } from '../errors.ts'
import { elapsed, member, ownerOf, quoted, traceOf } from './access-values.ts'
import type { ExchangeRecord } from './exchange-record.ts'

/** `stamp`: RFC 3339. `closedAtMs`: monotonic, when the response closed. */
export function compactLine(record: ExchangeRecord, _level: string, stamp: string, closedAtMs: number): string {
  const { known, outcome, code, cause } = record
  const { response, request, arrivedAtMs, requestId, target, clientAddress } = known
  const status = response.headersSent ? response.statusCode : code && errorTable[code].status
  let line = `{"t":"${stamp}","o":"${outcome}","d":${elapsed(arrivedAtMs, closedAtMs)}`
  // What a client can choose is escaped; the rest comes from closed sets.
  if (requestId !== undefined) line += `,"id":"${requestId}"`
  line += methodMember(request.method ?? '')
  if (target !== undefined) line += `,"p":${quoted(target.path)}`
  if (status !== undefined) line += `,"s":${status}`
  if (record.requestBytes > 0) line += `,"in":${record.requestBytes}`
  if (record.responseBytes > 0) line += `,"out":${record.responseBytes}`
  if (clientAddress !== undefined) line += addressMember(clientAddress)
  const traceId = traceOf(known)
  if (traceId !== undefined) line += `,"tr":"${traceId}"`
  const account = known.account ?? ownerOf(known.principal)
  if (account !== undefined) line += accountMember(account)
  const userAgent = known.fields?.kept['user-agent']
  if (userAgent !== undefined) line += userAgentMember(userAgent)
  if (known.credentials !== undefined) line += schemeMember(known.credentials.scheme)
  if (known.clientClass !== undefined) line += classMember(known.clientClass)
  if (known.admittedBy !== undefined) line += policyMember(known.admittedBy)
  if (code !== undefined) line += `,"e":"${code}"`
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

const methodMember = member(method => `,"m":${method}`)
const addressMember = member(address => `,"ip":${address}`)
const accountMember = member(account => `,"u":${account}`)
const userAgentMember = member(userAgent => `,"ua":${userAgent}`)
const schemeMember = member(scheme => `,"a":${scheme}`)
const classMember = member(clientClass => `,"c":${clientClass}`)
const policyMember = member(policy => `,"by":${policy}`)
const stageMember = member(stage => `,"st":${stage}`)
