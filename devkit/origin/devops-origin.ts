import { mkdir } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { closeServer } from '../op/close-server.ts'
import { listen } from '../op/listen.ts'
import { ContainerRegistry } from './container-registry.ts'
import { type OriginExchange, publicOrigin, sendJson } from './exchange.ts'
import { createGitHttp, type GitHttp } from './git-http.ts'
import { createBareRepository } from './git-repository.ts'
import { createIdentifier, type ProxyIdentity } from './identity.ts'
import { createLfsServer, type LfsServer } from './lfs.ts'
import { serveOAuthToken } from './oauth-token.ts'
import { PackageFeed } from './package-feed.ts'
import { serveBoards, serveOverview } from './pages.ts'
import { serveProductApi } from './product-api.ts'
import { serveRestApi } from './rest-api.ts'
import {
  collectionPath,
  feedPath,
  lfsPath,
  type PathKind,
  type Route,
  repositoryName,
  repositoryPath,
  routeOf,
} from './route.ts'
import { TargetCounts } from './target-counts.ts'
import { serveDownload, serveUpload } from './transfer.ts'
import { sendUnauthorized } from './unauthorized.ts'

export type DevOpsOriginOptions = {
  /** Account by personal access token. */
  readonly personalAccessTokens: ReadonlyMap<string, string>
  readonly identity: ProxyIdentity
  /** Where repositories and LFS objects live; the caller creates and removes it. */
  readonly directory: string
  /** Realm of the Basic challenge; the server's own address unless told otherwise. */
  readonly realm?: string
  /** Account by the client assertion a build agent exchanges for a token. */
  readonly agentAssertions?: ReadonlyMap<string, string>
  /** 0, the default, lets the system choose. */
  readonly port?: number
}

export type DevOpsOrigin = {
  readonly url: string
  readonly port: number
  /** Below the server's address: `/DefaultCollection/_git/demo`. */
  readonly gitPath: string
  readonly collectionPath: string
  /** Requests seen, refused ones included, by what they were for. */
  readonly requests: Readonly<Record<PathKind, number>>
  /** Requests seen, refused ones included, by target as it stood in the request line. */
  readonly targets: Readonly<Record<string, number>>
  /** Requests answered 401. */
  readonly unauthorized: number
  /** Processes of git that serve a request now. */
  readonly gitProcesses: number
  /** Connections accepted so far. */
  readonly connections: number
  /** A token of the server's own for an account, as build agents and jobs present them. */
  issueServerToken(account: string): Promise<string>
  close(): Promise<void>
}

/** Shown to anybody, as public projects are. */
const PUBLIC_TEXT = 'A public project.\n'

type Services = {
  readonly git: GitHttp
  readonly lfs: LfsServer
  readonly feed: PackageFeed
  readonly registry: ContainerRegistry
}

/**
 * Starts a server that behaves like an on-prem Azure DevOps Server where a proxy can tell: its challenges, git smart
 * HTTP and git-lfs, REST discovery, packages, a container registry, some of the
 * APIs of Gitea and GitLab, pages, and accounts by token or by what the proxy in front says.
 */
export async function startDevOpsOrigin(options: DevOpsOriginOptions): Promise<DevOpsOrigin> {
  const projectRoot = join(options.directory, 'git')
  await mkdir(projectRoot, { recursive: true })
  await createBareRepository(projectRoot, repositoryName)
  const identifier = createIdentifier(options.personalAccessTokens, options.identity)
  const services = {
    git: await createGitHttp(projectRoot),
    lfs: createLfsServer(join(options.directory, 'lfs'), identifier.issueLfsToken),
    ...{ feed: new PackageFeed(), registry: new ContainerRegistry() },
  }
  const agentAssertions = options.agentAssertions ?? new Map()
  const requests: Record<PathKind, number> = {
    'oauth-token': 0,
    git: 0,
    lfs: 0,
    whoami: 0,
    upload: 0,
    download: 0,
    rest: 0,
    packages: 0,
    registry: 0,
    'product-api': 0,
    page: 0,
    public: 0,
    other: 0,
  }
  const targets = new TargetCounts()
  let unauthorized = 0
  let connections = 0

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', publicOrigin(request))
    const route = routeOf(url.pathname)
    requests[route.kind]++
    targets.count(request.url ?? '')
    if (route.kind === 'public') return void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(PUBLIC_TEXT)
    if (route.kind === 'oauth-token') return serveOAuthToken(request, response, agentAssertions, identifier)
    const identity = await identifier.identify(request.headers)
    if (identity === undefined) {
      unauthorized++
      sendUnauthorized(response, options.realm ?? `${publicOrigin(request)}/`)
      return
    }
    await serveRoute({ request, response, url, identity }, route, services)
  }

  // A clone or a push takes as long as it takes: no limit on the whole request.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    // A client that leaves mid-stream lands here as well; there is nobody left to tell.
    serve(request, response).catch(() => response.destroy())
  })
  server.on('connection', () => connections++)
  const port = await listen(server, '127.0.0.1', options.port ?? 0)

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    gitPath: repositoryPath,
    collectionPath,
    requests,
    get targets() {
      return targets.all
    },
    get unauthorized() {
      return unauthorized
    },
    get connections() {
      return connections
    },
    get gitProcesses() {
      return services.git.processes
    },
    issueServerToken: identifier.issueServerToken,
    async close() {
      services.git.close()
      await closeServer(server)
    },
  }
}

async function serveRoute(exchange: OriginExchange, route: Route, services: Services): Promise<void> {
  const { response, identity, request } = exchange
  switch (route.kind) {
    case 'git':
      return services.git.serve(exchange, `/${repositoryName}.git${route.resource}`)
    case 'lfs':
      return services.lfs.serve(exchange, lfsPath, route.resource)
    case 'packages':
      return services.feed.serve(exchange, feedPath, route.resource)
    case 'registry':
      return services.registry.serve(exchange, route.resource)
    case 'product-api':
      return serveProductApi(exchange, route.resource)
    case 'upload':
      return serveUpload(exchange)
    case 'download':
      return serveDownload(exchange)
    case 'rest':
      return serveRestApi(exchange, collectionPath, route.resource)
    case 'whoami':
      return sendJson(response, 200, { ...identity, host: request.headers.host })
    case 'page':
      return servePage(exchange, route.resource)
    default:
      return sendJson(response, 404, { message: 'Page not found.' })
  }
}

function servePage(exchange: OriginExchange, resource: string): void {
  if (resource === '/_boards') serveBoards(exchange, collectionPath)
  else if (resource === '/') serveOverview(exchange, collectionPath)
  else exchange.response.writeHead(302, { Location: `${publicOrigin(exchange.request)}${collectionPath}/` }).end()
}
