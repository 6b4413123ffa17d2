import type { Authenticated, Presented } from '../exchange.ts'
import { type FormsRead, isFormType } from '../http/form-type.ts'
import { hasParameter, queryValues } from '../http/query.ts'
import { mayBeForm } from '../http/request-readings.ts'

/** Acting as another user (Gitea, GitLab). */
const SUDO: ReadonlySet<string> = new Set(['sudo'])
/** And tokens beside Authorization: whose, Torhaus would not see. `oauth_signature`: a signed request (RFC 5849 3.5.3). */
const PARAMETERS: ReadonlySet<string> = new Set([
  ...['sudo', 'private_token', 'job_token', 'access_token', 'oauth_signature'],
])

/** Nearly every query has none of these names, and no encoded one. */
const MAYBE = /[?&;](?:[+[\]]|sudo|private_token|job_token|access_token|oauth_signature|token|[^=&;%]*%)/i

/** As tokens of people look that Gitea takes in fields and parameters that mean something else elsewhere; and GitLab. */
const PERSONAL = /^(?:[0-9a-f]{40}|gl[a-z]{2,5}-[\w.-]{20,}|eyJ[\w-]*\.[\w-]+\.[\w-]+)$/

/**
 * Whether a field or parameter makes the server take the request for somebody else's than the one whose credentials
 * were checked. A token that was judged is who the request is from, in whichever carriers it came.
 */
export function changesIdentity({ fields, target, carriersAgree, principal }: Asked): boolean {
  if (fields.changesIdentity || carriersAgree === false) return true
  const isPerson = principal?.kind === 'person'
  if (carriersAgree === undefined && fields.tokens.length > 0 && carriesToken(fields.tokens, isPerson)) return true
  if (target.raw.length === target.path.length || !MAYBE.test(target.raw)) return false
  if (isPerson && queryValues(target.raw, 'token').some(value => PERSONAL.test(value))) return true
  return hasParameter(target.raw, carriersAgree === true ? SUDO : PARAMETERS)
}

type Asked = Pick<Presented, 'fields' | 'target' | 'carriersAgree'> & Partial<Pick<Authenticated, 'principal'>>

/** To clients of Azure DevOps the key for NuGet is any text. */
const carriesToken = (tokens: readonly string[], isPerson: boolean) =>
  tokens.some(
    (name, index) =>
      index % 2 === 0 && (name !== 'x-nuget-apikey' || (isPerson && PERSONAL.test((tokens[index + 1] ?? '').trim()))),
  )

/**
 * Where Gitea takes a token from a form before it looks at the identity that it is told: its API, and, from forms that
 * are no multipart, its packages. No other product has these paths, and no page sends a form there.
 */
const API_OF_GITEA = /\/api\/v1\//i
const PACKAGES_OF_GITEA = /\/api\/packages\/|^\/v2\//i

type Form = Pick<Authenticated, 'principal' | 'method' | 'fields' | 'target' | 'readings'>

/** The request was judged by a token or other credentials, and its content may contain another person's token. */
export function isFormUnjudged({ principal, method, fields, target, readings }: Form, forms: FormsRead): boolean {
  const type = fields.kept['content-type']
  if (principal.kind === 'person') {
    if (type === undefined || !mayBeForm(fields.kept)) return false
    const paths = readings?.paths ?? [target.path]
    return paths.some(path => API_OF_GITEA.test(path) || (PACKAGES_OF_GITEA.test(path) && isFormType(type)))
  }
  if (principal.kind !== 'server-checked' || forms === 'none' || !mayBeForm(fields.kept)) return false
  return type !== undefined || (forms === 'untyped' && method === 'POST')
}
