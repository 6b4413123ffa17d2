/**
 * OIDC Front-Channel Logout 1.0: the OP's page that signs a person out loads this one in a frame. Cookies do not come
 * into a frame of another site, so the session is found by `sid`.
 */
import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { framedPageFields, html, renderPage } from '../refusal/page.ts'
import { type OpLogoutRouteParts, reportLogout } from './op-logout-report.ts'
import type { Route } from './reply.ts'

export interface FrontChannelLogoutParts extends OpLogoutRouteParts {
  readonly issuer: string
  readonly publicOrigin: string
}

/** GET /.torhaus/frontchannel-logout?iss=ISSUER&sid=SID */
export function frontChannelLogout(parts: FrontChannelLogoutParts): Route {
  const { opLogout, issuer, now } = parts
  const fields = [...framedPageFields(new URL(issuer).origin), 'Cache-Control', 'no-store']
  return async exchange => {
    const opSessionId = sessionIn(parts, exchange)
    const issuedAtS = Math.floor(now() / 1000)
    const ended = await opLogout.end({ subject: undefined, opSessionId, issuedAtS }, false)
    reportLogout(parts, exchange, 'front', ended)
    return { status: 200, fields, text: renderPage('You are signed out', html`<p>This server was told.</p>`) }
  }
}

/** Both parameters (2), each once: whoever knows the `sid` has it from the OP. */
function sessionIn({ audit, countLogout, issuer, publicOrigin }: FrontChannelLogoutParts, exchange: Traced): string {
  const { searchParams } = new URL(exchange.target.raw, publicOrigin)
  const [iss, ...otherIssuers] = searchParams.getAll('iss')
  const [sid = '', ...otherSids] = searchParams.getAll('sid')
  if (iss === issuer && sid !== '' && otherIssuers.length + otherSids.length === 0) return sid
  countLogout('front', 'refused')
  audit.write('logout-refused', exchange, { code: 'logout-request-malformed' })
  throw new Fault('logout-request-malformed')
}
