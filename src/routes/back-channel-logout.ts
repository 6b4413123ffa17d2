/**
 * OIDC Back-Channel Logout 1.0: the OP announces, from server to server, that a session or a person has signed out.
 * There is no session, Origin or cookie; only the OP's signature counts.
 */
import { type Code, errorTable, Fault, toFault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { unverifiedIssuer } from '../oidc/access-token.ts'
import { type LogoutToken, verifyLogoutToken } from '../oidc/logout-token.ts'
import type { LogoutTokenClaims } from '../oidc/logout-token-claims.ts'
import type { Ops } from '../oidc/ops.ts'
import { readForm } from './form-content.ts'
import { type OpLogoutRouteParts, reportLogout } from './op-logout-report.ts'
import type { Reply, Route } from './reply.ts'

export interface BackChannelLogoutParts extends OpLogoutRouteParts {
  readonly ops: Ops
  readonly claims: LogoutTokenClaims
}

/** A logout token has a few hundred bytes; the rest is for other parameters that the OP may send. */
const FORM_LIMITS = { maxBytes: 65_536, timeoutMs: 10_000 }

/** POST /.torhaus/backchannel-logout */
export function backChannelLogout(parts: BackChannelLogoutParts): Route {
  const { opLogout, claims, now } = parts
  return async exchange => {
    try {
      const token = await verified(parts, await tokenIn(exchange))
      if (!(await claims.isFirst(token, now()))) throw new Fault('logout-token-replayed')
      const ended = await opLogout.end(token, true).catch((error: unknown) => {
        claims.forget(token)
        throw error
      })
      reportLogout(parts, exchange, 'back', ended)
      return { status: 200, fields: ['Cache-Control', 'no-store'], text: '' }
    } catch (error) {
      return refusal(parts, exchange, toFault(error))
    }
  }
}

/** Verifies the token with the keys of its issuer only, and names subject and session as stored for that OP. */
async function verified({ ops, now }: BackChannelLogoutParts, text: string): Promise<LogoutToken> {
  const op = ops.only ?? ops.ofIssuer(unverifiedIssuer(text))
  if (op === undefined) throw new Fault('logout-token-invalid', new Error('iss is that of no provider'))
  const { settings, provider } = op
  const token = await verifyLogoutToken(text, { keys: provider.keys, settings, now })
  const stored = (id: string | undefined) => (id === undefined ? undefined : ops.stored(op, id))
  return {
    ...token,
    ...{ id: ops.stored(op, token.id), subject: stored(token.subject), opSessionId: stored(token.opSessionId) },
  }
}

async function tokenIn(exchange: Traced): Promise<string> {
  const form = await readForm(exchange, FORM_LIMITS, 'logout-request-malformed')
  const [token, ...others] = form.getAll('logout_token')
  if (token === undefined || others.length > 0)
    throw new Fault('logout-request-malformed', new Error('there is not exactly one logout_token'))
  return token
}

/** Error codes of RFC 6749 5.2 and 4.1.2.1; any other code is `server_error`. */
const ERRORS: Partial<Record<Code, string>> = {
  'logout-request-malformed': 'invalid_request',
  'logout-token-invalid': 'invalid_request',
  'logout-token-replayed': 'invalid_request',
  'request-content-aborted': 'invalid_request',
  'op-unreachable': 'temporarily_unavailable',
  'store-unavailable': 'temporarily_unavailable',
}

/** Always 400, even for errors of Torhaus: the specification has no other status for a failed logout (2.8). */
function refusal({ audit, countLogout }: BackChannelLogoutParts, exchange: Traced, fault: Fault): Reply {
  const { code } = fault
  const { sentence, status } = errorTable[code]
  countLogout('back', status < 500 ? 'refused' : 'failed')
  audit.write('logout-refused', exchange, { code })
  return {
    status: 400,
    fields: ['Content-Type', 'application/json', 'Cache-Control', 'no-store', 'X-Torhaus-Error', code],
    text: JSON.stringify({ error: ERRORS[code] ?? 'server_error', error_description: sentence }),
    fault,
  }
}
