/**
 * Sign-ins initiated by a third party, such as a portal (OIDC Core 4): GET or POST /.torhaus/sign-in, with
 *
 *   iss               the issuer: exactly that of a configured OP
 *   login_hint        the person: passed on to the OP, which decides what to do with it
 *   target_link_uri   the page: one of the origin server, or else the start page
 *
 * This is only a link, which anybody may make. A session that suffices is kept, whatever the link names; nobody is
 * signed out, or signed in without the OP.
 */
import { Fault } from '../errors.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { type FormLimits, readForm } from './form-content.ts'
import { onlyNamed } from './query-of.ts'
import { type Route, seeOther } from './reply.ts'
import { safeReturnPath } from './return-path.ts'

/** Parameters passed on from a form. */
const PARAMETERS = ['iss', 'login_hint', 'target_link_uri']
const FORM_LIMITS: FormLimits = { maxBytes: 16_384, timeoutMs: 10_000 }
const HINT = /^[\x20-\x7e\xa0-\uffff]{1,256}$/

/** Where to go after sign-in: a path at `origin` by `return_to`, or at `publicOrigin` by `target_link_uri`. */
export function wantedPath(query: URLSearchParams, origin: string, publicOrigin: string): string {
  const ours = query.get('return_to')
  if (ours !== null) return safeReturnPath(ours, origin)
  const target = query.get('target_link_uri') ?? ''
  // The path as written, because parsing and serializing the URL would change it.
  const path =
    URL.parse(target)?.origin === publicOrigin ? /^[a-z]+:\/\/[^/?#\\]*(\/.*)$/i.exec(target)?.[1] : undefined
  return safeReturnPath(path ?? '/', publicOrigin)
}

/** Undefined: none is named. Throws if it is not configured: the person would sign in somewhere unintended. */
export function opNamed(ops: Pick<Ops, 'ofIssuer'>, query: URLSearchParams): Op | undefined {
  const named = query.getAll('iss')
  if (named.length === 0) return undefined
  const op = named.length === 1 ? ops.ofIssuer(named[0]) : undefined
  if (op === undefined) throw new Fault('sign-in-issuer-unknown')
  return op
}

/** The login hint for the OP; undefined unless it is printable text of at most 256 characters. */
export function hintIn(query: URLSearchParams): string | undefined {
  const hint = query.get('login_hint') ?? ''
  return HINT.test(hint) ? hint : undefined
}

/** The parameters to keep when a sign-in begins anew via the other host. */
export function passedOn(query: URLSearchParams): string {
  const next = onlyNamed(query, ['iss', 'login_hint'])
  return next.size === 0 ? '' : `&${next}`
}

/** POST /.torhaus/sign-in: a cross-site form carries no cookies; the redirect that answers it does. */
export const startByForm: Route = async exchange => {
  const form = await readForm(exchange, FORM_LIMITS, 'sign-in-malformed')
  return seeOther(`${OWN_PREFIX}/sign-in?${onlyNamed(form, PARAMETERS)}`)
}
