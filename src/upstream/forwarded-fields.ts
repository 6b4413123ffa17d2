/** The fields of a request on their way to the upstream. */
import type { Delegated } from '../exchange.ts'
import { withoutCookies } from '../http/cookie.ts'
import { withTraceparent } from '../http/exchange-span.ts'
import { withoutCompanions } from '../http/request-fields.ts'
import { UPGRADE_FIELDS } from '../http/web-socket.ts'

export interface ForwardedFieldSettings {
  /** Host that the upstream is sent. */
  readonly upstreamHost: string
  readonly publicHost: string
  readonly publicScheme: string
  /** What we call ourselves in Via (RFC 9110 7.6.3). */
  readonly viaName: string
  readonly ownCookies: readonly string[]
}

/** Everything of the client that may pass; then what is ours, which nothing of the client can take away or change. */
export function forwardedFields(exchange: Delegated, parts: ForwardedFieldSettings): string[] {
  const { fields, delegation, clientAddress, requestId, handshake } = exchange
  const { kept } = fields
  const { keepsCookies, keepsCompanions } = delegation
  const cookie = kept.cookie === undefined || !keepsCookies ? undefined : withoutCookies(kept.cookie, parts.ownCookies)
  const own = keepsCompanions || !fields.hasCompanions ? fields.forward : withoutCompanions(fields.forward)
  const passing = exchange.span === undefined ? own : withTraceparent(own, exchange.span)
  const result = ['Host', parts.upstreamHost, ...passing]
  if (cookie !== undefined) result.push('Cookie', cookie)
  if (delegation.keepsAuthorization && kept.authorization !== undefined)
    result.push('Authorization', kept.authorization)
  const maxForwards = maxForwardsOf(exchange)
  if (maxForwards !== undefined) result.push('Max-Forwards', String(maxForwards - 1))
  addClientFields(result, clientAddress, parts)
  result.push(
    'X-Request-Id',
    requestId,
    'Via',
    kept.via === undefined ? parts.viaName : `${kept.via}, ${parts.viaName}`,
  )
  result.push(...delegation.fields)
  if (handshake !== undefined) result.push(...UPGRADE_FIELDS)
  return result
}

/** Adds the client's address, and the public scheme and host. */
export function addClientFields(
  fields: string[],
  clientAddress: string,
  { publicScheme, publicHost }: Pick<ForwardedFieldSettings, 'publicScheme' | 'publicHost'>,
): string[] {
  fields.push('X-Forwarded-For', clientAddress, 'X-Forwarded-Proto', publicScheme, 'X-Forwarded-Host', publicHost)
  return fields
}

/** RFC 9110 7.6.2: valid for OPTIONS (and TRACE, which is refused anyway), if it is a number. */
export function maxForwardsOf({ method, fields }: Delegated): number | undefined {
  const value = fields.kept['max-forwards']
  return method === 'OPTIONS' && value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined
}
