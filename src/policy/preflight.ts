import type { Authenticated } from '../exchange.ts'
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

/** As browsers send it: without credentials, which cookies are, and without content; and it is what it says it is. */
export function isPreflight({ fields, target, readings, handshake }: Authenticated): boolean {
  const { cookie, authorization, 'content-length': length, 'transfer-encoding': coding } = fields.kept
  return (
    cookie === undefined &&
    authorization === undefined &&
    coding === undefined &&
    (length === undefined || /^0+$/.test(length)) &&
    handshake === undefined &&
    (readings === undefined || readings.methods.length === 1) &&
    !changesIdentity({ fields, target })
  )
}
