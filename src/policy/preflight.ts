import type { Authenticated } from '../exchange.ts'
import { hasContent } from '../http/request-fields.ts'
import { changesIdentity } from './identity-change.ts'

/** Fetch standard 3.2.2 (CORS-preflight request). */
export function isShapedLikePreflight({ method, fields, principal }: Authenticated): boolean {
  return (
    principal.kind === 'anonymous' &&
    method === 'OPTIONS' &&
    fields.kept.origin !== undefined &&
    fields.kept['access-control-request-method'] !== undefined
  )
}

/** As browsers send it: without credentials, in whatever field, and without content; and it is what it says it is. */
export function isPreflight({ fields, target, readings, handshake }: Authenticated): boolean {
  const { cookie, authorization } = fields.kept
  return (
    cookie === undefined &&
    authorization === undefined &&
    fields.tokens.length === 0 &&
    !fields.hasCompanions &&
    !hasContent(fields) &&
    handshake === undefined &&
    (readings === undefined || readings.methods.length === 1) &&
    !changesIdentity({ fields, target })
  )
}
