/**
 * Where each product takes a token from, beside Bearer and the password of Basic, which all of them take.
 *
 * Sources: docs.gitea.com/development/api-usage and go-gitea/gitea services/auth (Basic with the token as user name;
 * `token`, `access_token`; `Authorization: token`), routers/api/packages (`X-NuGet-ApiKey`);
 * docs.gitlab.com/api/rest/authentication (`PRIVATE-TOKEN`, `JOB-TOKEN`, `private_token`, `access_token`, `job_token`),
 * docs.gitlab.com/user/packages/nuget_repository (`X-NuGet-ApiKey`), docs.gitlab.com/user/project/deploy_tokens
 * (`Deploy-Token`).
 */
import type { FormsRead } from '../http/form-type.ts'
import type { TokenShape } from './token-shapes.ts'

export interface TokenCarriers {
  /** Names of fields, folded: lower case, `-`. */
  readonly fields: readonly string[]
  /** Names of parameters of the query. */
  readonly parameters: readonly string[]
  /** `Authorization: token X`. */
  readonly tokenScheme: boolean
  /** Basic with the token as user name, and no password or `x-oauth-basic`. */
  readonly userName: boolean
  /** A JWT that does not say who issued it is one of the server's own (container registry). */
  readonly anonymousJwt: boolean
  /** Which forms may carry a token as well. */
  readonly forms: FormsRead
}

const NONE: TokenCarriers = {
  ...{ fields: [], parameters: [], tokenScheme: false },
  ...{ userName: false, anonymousJwt: false, forms: 'none' },
}

const CARRIERS: Readonly<Record<TokenShape, TokenCarriers>> = {
  'azure-devops': NONE,
  bitbucket: NONE,
  gitea: {
    ...NONE,
    ...{ fields: ['x-nuget-apikey'], parameters: ['token', 'access_token'], tokenScheme: true },
    ...{ userName: true, anonymousJwt: true, forms: 'typed' as const },
  },
  gitlab: {
    ...NONE,
    fields: ['private-token', 'job-token', 'deploy-token', 'x-nuget-apikey'],
    parameters: ['private_token', 'access_token', 'job_token'],
    forms: 'untyped',
  },
}

/** The widest first. */
const FORMS = ['untyped', 'typed'] as const

/** What any of the products takes. */
export function tokenCarriers(products: readonly TokenShape[]): TokenCarriers {
  const all = products.map(product => CARRIERS[product])
  return {
    fields: [...new Set(all.flatMap(({ fields }) => fields))],
    parameters: [...new Set(all.flatMap(({ parameters }) => parameters))],
    tokenScheme: all.some(({ tokenScheme }) => tokenScheme),
    userName: all.some(({ userName }) => userName),
    anonymousJwt: all.some(({ anonymousJwt }) => anonymousJwt),
    forms: FORMS.find(kind => all.some(({ forms }) => forms === kind)) ?? 'none',
  }
}
