/** What access records of either form are put together from. */
import { remembered } from '../bounded-map.ts'
import { errorTable } from '../errors.ts'
import type { PartialExchange } from '../exchange.ts'
import type { ExchangeSpan } from '../http/exchange-span.ts'
import { readTraceparent, type TraceContext } from '../http/trace-context.ts'
import type { ExchangeRecord } from './exchange-record.ts'

/**
 * Most characters of what a client chooses. Who reads the log may take a line for several past a length (Docker 16 KiB,
 * journald 48 KiB): no program could read the record of whoever sends more.
 */
const MAX_PATH_LENGTH = 4096
const MAX_USER_AGENT_LENGTH = 512

const cut = (text: string, length: number) => (text.length <= length ? text : `${text.slice(0, length - 3)}...`)

/** As records have it. */
export const recordedPath = (path: string): string => cut(path, MAX_PATH_LENGTH)

/** Nothing in it needs escaping. */
const PLAIN = /^[ !#-[\]-~]*$/
export const quoted = (text: string) => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/**
 * A member of that name. What comes again and again is looked up: looking at each character of it, and joining it, costs
 * as much as the rest.
 */
export const member = (name: string) =>
  remembered(text => inOnePiece(`,"${name}":${quoted(text)}`), { capacity: 2048, maxLength: 512 })

/** A text that was put together is kept as its parts, which each line would be put together from again. */
export const inOnePiece = (text: string) => Buffer.from(text).toString()

/** Of the response; of what never came to one, as its code says. */
export const statusOf = ({ known: { response }, code }: ExchangeRecord): number | undefined =>
  response.headersSent ? response.statusCode : code && errorTable[code].status

interface SenderNames {
  readonly trace: string
  readonly account: string
  readonly userAgent: string
  readonly scheme: string
  readonly clientClass: string
  readonly policy: string
  readonly code: string
}

/**
 * Adds to a line who has asked, and what was decided: both forms say it in this order. `addressMembers`: of the address of
 * the client.
 */
export function senderMembers(names: SenderNames, addressMembers: (address: string) => string) {
  const [accountMember, userAgentMember] = [member(names.account), member(names.userAgent)]
  const schemeMember = member(names.scheme)
  const [classMember, policyMember] = [member(names.clientClass), member(names.policy)]
  return (begun: string, { known, code }: ExchangeRecord): string => {
    let line = begun
    if (known.clientAddress !== undefined) line += addressMembers(known.clientAddress)
    const traceId = traceOf(known)?.traceId
    if (traceId !== undefined) line += `,"${names.trace}":"${traceId}"`
    const account = known.account ?? ownerOf(known.principal)
    if (account !== undefined) line += accountMember(account)
    const userAgent = known.fields?.kept['user-agent']
    if (userAgent !== undefined) line += userAgentMember(cut(userAgent, MAX_USER_AGENT_LENGTH))
    if (known.credentials !== undefined) line += schemeMember(known.credentials.scheme)
    if (known.clientClass !== undefined) line += classMember(known.clientClass)
    if (known.admittedBy !== undefined) line += policyMember(known.admittedBy)
    return code === undefined ? line : `${line},"${names.code}":"${code}"`
  }
}

/** In which trace, as a peer says that is believed. */
export const traceOf = ({ span, peerIsTrusted, fields }: PartialExchange): ExchangeSpan | TraceContext | undefined =>
  span ?? (peerIsTrusted === true ? readTraceparent(fields?.kept.traceparent) : undefined)

/** Of a token whose owner the server has named. */
const ownerOf = (principal: ExchangeRecord['known']['principal']) =>
  principal?.kind === 'server-checked' ? principal.owner?.account : undefined

/** Milliseconds with three decimals. From a table: a general text of such a number costs as much as five members. */
export function elapsed(fromMs: number, toMs: number): string {
  const us = Math.max(0, Math.round((toMs - fromMs) * 1000))
  const whole = Math.floor(us / 1000)
  return `${whole}.${DECIMALS[us - whole * 1000]}`
}

const DECIMALS = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths).padStart(3, '0'))
