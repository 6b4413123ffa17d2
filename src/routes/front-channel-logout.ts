/**
 * OIDC Front-Channel Logout 1.0: the OP's sign-out page loads this one in a frame. A frame of another site gets no
 * cookies, so the session is found by `sid`.
 */
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { html } from '../refusal/html.ts'
import type { Pages } from '../refusal/pages.ts'
import { isHead } from './is-head.ts'
import { type OpLogoutRouteParts, reportLogout } from './op-logout-report.ts'
import { queryOf } from './query-of.ts'
import { type Route, shown } from './reply.ts'

export interface FrontChannelLogoutParts extends OpLogoutRouteParts {
  readonly ops: Ops
  readonly pages: Pages
}

/** GET /.torhaus/frontchannel-logout?iss=ISSUER&sid=SID */
export function frontChannelLogout(parts: FrontChannelLogoutParts): Route {
  const { ops, opLogout, pages, now } = parts
  const telling = ops.all.filter(({ settings }) => settings.frontChannelLogout)
  const origins = [...new Set(telling.map(({ settings }) => new URL(settings.issuer).origin))]
  return async exchange => {
    const opSessionId = sessionIn(parts, telling, exchange)
    const issuedAtS = Math.floor(now() / 1000)
    const ended = isHead(exchange) ? [] : await opLogout.end({ subject: undefined, opSessionId, issuedAtS }, false)
    if (!isHead(exchange)) reportLogout(parts, exchange, 'front', ended)
    const { say, framed } = pages.for(exchange)
    const page =
      ended.length > 0
        ? { title: say('toldToSignOut.title'), content: html`<p>${say('toldToSignOut.text')}</p>` }
        : { title: say('noSuchSession.title'), content: html`<p>${say('noSuchSession.text')}</p>` }
    return shown(framed(page, origins))
  }
}

/** Requires both parameters (2), once each. Only for an OP known to omit `iss`, `sid` suffices. */
function sessionIn(
  { audit, countLogout, ops }: FrontChannelLogoutParts,
  telling: readonly Op[],
  exchange: Traced,
): string {
  const query = queryOf(exchange)
  const [iss, ...otherIssuers] = query.getAll('iss')
  const [sid = '', ...otherSids] = query.getAll('sid')
  const [first, ...others] = telling
  const isSilent = iss === undefined && others.length === 0 && first?.settings.frontChannelBySidAlone === true
  const op = isSilent ? first : telling.find(({ settings }) => settings.issuer === iss)
  if (op !== undefined && sid !== '' && otherIssuers.length + otherSids.length === 0) return ops.stored(op, sid)
  countLogout('front', 'refused')
  audit.write('logout-refused', exchange, { code: 'logout-request-malformed' })
  throw new Fault('logout-request-malformed')
}
