/** What a request is for: the kinds the server counts and answers. */
export type PathKind =
  | 'oauth-token'
  | 'git'
  | 'lfs'
  | 'whoami'
  | 'upload'
  | 'download'
  | 'rest'
  | 'packages'
  | 'registry'
  | 'product-api'
  | 'page'
  | 'public'
  | 'other'

export type Route = {
  readonly kind: PathKind
  /** What follows the part that chose the kind: the resource within git-lfs, git or the collection. */
  readonly resource: string
}

export const collectionPath = '/DefaultCollection'
export const repositoryName = 'demo'
export const repositoryPath = `${collectionPath}/_git/${repositoryName}`
export const feedPath = `${collectionPath}/_packaging/feed`
const registryPath = '/v2'
export const lfsPath = `${repositoryPath}/info/lfs`
export const gitLabLfsPath = `${repositoryPath}.git/gitlab-lfs`

/** First match wins. */
const prefixes: readonly (readonly [prefix: string, kind: PathKind])[] = [
  [lfsPath, 'lfs'],
  // git-lfs asks under this name unless it is told otherwise (git-lfs-server-discovery).
  [`${repositoryPath}.git/info/lfs`, 'lfs'],
  // Where GitLab has the objects.
  [gitLabLfsPath, 'lfs'],
  [repositoryPath, 'git'],
  [feedPath, 'packages'],
  [registryPath, 'registry'],
  ['/api', 'product-api'],
  [`${collectionPath}/_apis/whoami`, 'whoami'],
  [`${collectionPath}/_apis/upload`, 'upload'],
  [`${collectionPath}/_apis/download`, 'download'],
  [`${collectionPath}/public`, 'public'],
]

export function routeOf(pathname: string): Route {
  if (/\/_apis\/oauth2\/token$/.test(pathname)) return { kind: 'oauth-token', resource: '' }
  for (const [prefix, kind] of prefixes) {
    if (pathname === prefix || pathname.startsWith(`${prefix}/`))
      return { kind, resource: pathname.slice(prefix.length) }
  }
  const resource = pathname.slice(collectionPath.length)
  if (!pathname.startsWith(`${collectionPath}/`)) return { kind: pathname === '/' ? 'page' : 'other', resource: '' }
  if (/(^|\/)_apis(\/|$)/.test(resource)) return { kind: 'rest', resource }
  return { kind: resource === '/' || resource === '/_boards' ? 'page' : 'other', resource }
}
