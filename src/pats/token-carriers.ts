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

export interface UnnamedJwts {
  readonly via: readonly ('Basic' | 'Bearer')[]
  /** Holds for each reading of the path: nobody has proven anything by such a token. */
  readonly path: RegExp
}

export interface TokenCarriers {
  /** Names of fields, folded: lower case, `-`. */
  readonly fields: readonly string[]
  /** Names of parameters of the query. */
  readonly parameters: readonly string[]
  /** `Authorization: token X`. */
  readonly tokenScheme: boolean
  /** Basic with the token as user name, and no password or `x-oauth-basic`. */
  readonly userName: boolean
  /** Where a JWT that does not say who issued it is one of the server's own. */
  readonly unnamedJwts: readonly UnnamedJwts[]
  /** Which forms may carry a token as well. */
  readonly forms: FormsRead
}

const NONE: TokenCarriers = {
  ...{ fields: [], parameters: [], tokenScheme: false },
  ...{ userName: false, unnamedJwts: [], forms: 'none' },
}

/** Of the container registry of Gitea, whatever the path of the rest (OCI Distribution Specification 1.1). */
const REGISTRY: UnnamedJwts = { via: ['Basic', 'Bearer'], path: /^\/v2\// }

/**
 * GitLab answers a batch of Git LFS with the user name and a JWT, for each object to be sent with in place of what the
 * batch was asked for with (gitlabhq/gitlabhq lib/gitlab/lfs_token.rb, app/controllers/repositories/lfs_api_controller.rb;
 * seen in git-lfs/git-lfs#3917). To one that is not good it answers 401, for public projects, too.
 */
const LFS_OBJECTS: UnnamedJwts = {
  via: ['Basic'],
  path: /^(?:\/[\w.-]+)+\.git\/gitlab-lfs\/objects\/[0-9a-f]{64}(?:\/\d+)?$/,
}

const CARRIERS: Readonly<Record<TokenShape, TokenCarriers>> = {
  'azure-devops': NONE,
  bitbucket: NONE,
  gitea: {
    ...NONE,
    ...{ fields: ['x-nuget-apikey'], parameters: ['token', 'access_token'], tokenScheme: true },
    ...{ userName: true, unnamedJwts: [REGISTRY], forms: 'typed' as const },
  },
  gitlab: {
    ...NONE,
    fields: ['private-token', 'job-token', 'deploy-token', 'x-nuget-apikey'],
    parameters: ['private_token', 'access_token', 'job_token'],
    unnamedJwts: [LFS_OBJECTS],
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
    unnamedJwts: all.flatMap(({ unnamedJwts }) => unnamedJwts),
    forms: FORMS.find(kind => all.some(({ forms }) => forms === kind)) ?? 'none',
  }
}
