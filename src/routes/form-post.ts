import { type FormLimits, readForm } from './form-content.ts'
import { onlyNamed } from './query-of.ts'
import { type Route, seeOther, unwatched } from './reply.ts'

/** Leaves room for an ID token with many groups, which some OPs send unasked. */
const FORM_LIMITS: FormLimits = { maxBytes: 262_144, timeoutMs: 10_000 }

/** Parameters of an authorization response (RFC 6749 4.1.2, RFC 9207 2) that Torhaus reads. */
const PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri']

/**
 * POST /.torhaus/callback: an authorization response in a form (OAuth 2.0 Form Post Response Mode). A cross-site form
 * carries no `SameSite=Lax` cookie (RFC 6265bis 5.6.7.1); the GET it is redirected to does.
 */
export const formPost: Route = async exchange => {
  const form = await readForm(exchange, FORM_LIMITS, 'sign-in-unknown')
  return unwatched(seeOther(`${exchange.target.path}?${onlyNamed(form, PARAMETERS)}`))
}
