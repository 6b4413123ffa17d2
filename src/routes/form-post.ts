import { type FormLimits, readForm } from './form-content.ts'
import { onlyNamed } from './query-of.ts'
import { type Route, seeOther, unwatched } from './reply.ts'

/** An ID token of many groups may come along, which nobody asked for. */
const FORM_LIMITS: FormLimits = { maxBytes: 262_144, timeoutMs: 10_000 }

/** What an authorization response has (RFC 6749 4.1.2, RFC 9207 2), and we look at. */
const PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri']

/**
 * POST /.torhaus/callback: an authorization response in a form (OAuth 2.0 Form Post Response Mode). A form of another
 * site brings no cookie along (RFC 6265bis 5.6.7.1, `SameSite=Lax`); the redirect it is answered with does.
 */
export const formPost: Route = async exchange => {
  const form = await readForm(exchange, FORM_LIMITS, 'sign-in-unknown')
  return unwatched(seeOther(`${exchange.target.path}?${onlyNamed(form, PARAMETERS)}`))
}
