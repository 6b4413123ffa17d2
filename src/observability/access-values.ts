/** What access records of either form are put together from. */
import { remembered } from '../bounded-map.ts'
import { readTraceparent } from '../http/trace-context.ts'
import type { ExchangeRecord } from './exchange-record.ts'

/** Nothing in it needs escaping. */
const PLAIN = /^[ !#-[\]-~]*$/
export const quoted = (text: string) => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))

/** What comes again and again is looked up: looking at each character of it, and joining it, costs as much as the rest. */
export const member = (textOf: (quoted: string) => string) =>
  remembered(text => inOnePiece(textOf(quoted(text))), { capacity: 2048, maxLength: 512 })

/** A text that was put together is kept as its parts, which each line would be put together from again. */
export const inOnePiece = (text: string) => Buffer.from(text).toString()

/** In which trace, as a peer says that is believed. */
export const traceOf = ({ span, peerIsTrusted, fields }: ExchangeRecord['known']) =>
  span?.traceId ?? (peerIsTrusted === true ? readTraceparent(fields?.kept.traceparent)?.traceId : undefined)

/** Of a token whose owner the server has named. */
export const ownerOf = (principal: ExchangeRecord['known']['principal']) =>
  principal?.kind === 'server-checked' ? principal.owner?.account : undefined

/** Milliseconds with three decimals. From a table: a general text of such a number costs as much as five members. */
export function elapsed(fromMs: number, toMs: number): string {
  const us = Math.max(0, Math.round((toMs - fromMs) * 1000))
  const whole = Math.floor(us / 1000)
  return `${whole}.${DECIMALS[us - whole * 1000]}`
}

const DECIMALS = Array.from({ length: 1000 }, (_, thousandths) => String(thousandths).padStart(3, '0'))
