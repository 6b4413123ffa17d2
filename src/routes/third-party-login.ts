/**
 * Sign-ins that somebody else begins, such as a portal with tiles (OIDC Core 4): GET or POST /.torhaus/sign-in, with
 *
 *   iss               at which OP: one that is configured, to the letter
 *   login_hint        who: told to the OP, which asks whoever it likes
 *   target_link_uri   which page: of the server, or the start page
 *
 * It is no more than a link that anybody may make. Whoever has a session that is good enough keeps it, whatever it
 * names; nobody is signed out, nor signed in without the OP.
 */
import { Fault } from '../errors.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import type { Op, Ops } from '../oidc/ops.ts'
import { type FormLimits, readForm } from './form-content.ts'
import { onlyNamed } from './query-of.ts'
import { type Route, seeOther } from './reply.ts'
import { safeReturnPath } from './return-path.ts'

/** What else it may name. */
const PARAMETERS = ['iss', 'login_hint', 'target_link_uri']
const FORM_LIMITS: FormLimits = { maxBytes: 16_384, timeoutMs: 10_000 }
const HINT = /^[\x20-\x7e\xa0-\uffff]{1,256}$/

/** Where whoever signs in goes: a path at `origin`, by our own parameter or by theirs, which names `publicOrigin`. */
export function wantedPath(query: URLSearchParams, origin: string, publicOrigin: string): string {
  const ours = query.get('return_to')
  if (ours !== null) return safeReturnPath(ours, origin)
  const target = query.get('target_link_uri') ?? ''
  // The path as it is written: a URL that was parsed would come back otherwise.
  const path =
    URL.parse(target)?.origin === publicOrigin ? /^[a-z]+:\/\/[^/?#\\]*(\/.*)$/i.exec(target)?.[1] : undefined
  return safeReturnPath(path ?? '/', publicOrigin)
}

/** Undefined: none is named. Throws where it is none of ours: somebody would sign in where they did not mean to. */
export function opNamed(ops: Pick<Ops, 'ofIssuer'>, query: URLSearchParams): Op | undefined {
  const named = query.getAll('iss')
  if (named.length === 0) return undefined
  const op = named.length === 1 ? ops.ofIssuer(named[0]) : undefined
  if (op === undefined) throw new Fault('sign-in-issuer-unknown')
  return op
}

/** For the OP; undefined where it is nothing that a person could read. */
export function hintIn(query: URLSearchParams): string | undefined {
  const hint = query.get('login_hint') ?? ''
  return HINT.test(hint) ? hint : undefined
}

/** What is to come along where a sign-in begins anew by way of the other host. */
export function passedOn(query: URLSearchParams): string {
  const next = onlyNamed(query, ['iss', 'login_hint'])
  return next.size === 0 ? '' : `&${next}`
}

/** POST /.torhaus/sign-in: a form of another site brings no cookie along, the redirect that it is answered with does. */
export const startByForm: Route = async exchange => {
  const form = await readForm(exchange, FORM_LIMITS, 'sign-in-malformed')
  return seeOther(`${OWN_PREFIX}/sign-in?${onlyNamed(form, PARAMETERS)}`)
}
