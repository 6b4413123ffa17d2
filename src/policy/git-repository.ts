/**
 * Whether a path can only be an operation on a repository. Rules consider everything that a request may be; a grant
 * requires that it cannot be anything else, because somebody may name a file `git-upload-pack` and write it through an
 * API.
 */

/** Where Bitbucket keeps the objects of a repository, and where it is said that they are. */
const BITBUCKET_OBJECT = /\/rest\/git-lfs\/storage\/([^/]+\/[^/]+)\/[0-9a-f]{64}$/

/** Before the first of these stands the repository. Groups: repository, what is read only, service, LFS. */
const OPERATION =
  /^(.+?)\/(?:(info\/refs|HEAD|objects\/(?:info\/[\w-]+|pack\/[\w.-]+|[0-9a-f]{2}\/[0-9a-f]{38,62}))|((?:git|ssh)-(?:upload-pack|upload-archive|receive-pack))|((?:info\/lfs|gitlab-lfs)\/.+))$/

const REPOSITORIES = [
  // Azure DevOps: collection and project, if any, before it.
  /^(?:\/[^/_][^/]*)*\/_git\/(?:_full\/|_optimized\/)?[^/_][^/]*$/i,
  // Bitbucket Data Center.
  /^(?:\/[^/_-][^/]*)*\/scm\/[^/]+\/[^/]+$/,
  // GitLab, in groups within groups; Gitea.
  /^(?:\/[^/_-][^/]*)*\/[^/_-][^/]*\.git$/,
  // Gitea without the ending, perhaps under a path of its own.
  /^(?:\/[^/_-][^/]*){1,3}$/,
]

/** Under these, what looks like a repository is the name of a file or page. */
const NEVER = /\/(?:api|rest|wiki)\//i

/** The path of the repository, without `.git`; undefined unless the request can only be an operation on one. */
export function repositoryOf(path: string, method: string): string | undefined {
  const usual = path.replace(BITBUCKET_OBJECT, '/scm/$1/info/lfs/objects')
  const [, repository, read, service, lfs] = OPERATION.exec(usual) ?? []
  if (repository === undefined || NEVER.test(`${repository}/`)) return undefined
  if (!REPOSITORIES.some(shape => shape.test(repository))) return undefined
  const isSafe = method === 'GET' || method === 'HEAD'
  const fits =
    (read !== undefined && isSafe) ||
    (service !== undefined && method === 'POST') ||
    (lfs !== undefined && (isSafe || method === 'POST' || method === 'PUT'))
  return fits ? repository.replace(/\.git$/, '') : undefined
}
