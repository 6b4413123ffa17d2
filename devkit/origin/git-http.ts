import { type ChildProcess, execFile, spawn } from 'node:child_process'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createCgiHeaderReader } from './cgi-header.ts'
import type { OriginExchange } from './exchange.ts'
import { gitEnvironment } from './git-repository.ts'

export type GitHttp = {
  /** Answers one smart HTTP request for `pathInfo`, the path below the project root: `/demo.git/info/refs`. */
  serve(exchange: OriginExchange, pathInfo: string): Promise<void>
  /** How many `git` run now. */
  readonly processes: number
  /** Ends every `git` still running. */
  close(): void
}

/**
 * Real git smart HTTP: `git http-backend` as CGI (RFC 3875), one process per request, streamed both ways.
 *
 *     request content --> stdin  [git http-backend]  stdout --> header, then response content
 */
export async function createGitHttp(projectRoot: string): Promise<GitHttp> {
  // The program itself rather than `git http-backend`: a signal must reach it, not a git that waits for it.
  const { stdout: programs } = await promisify(execFile)('git', ['--exec-path'], { env: gitEnvironment })
  const backend = join(programs.trim(), 'git-http-backend')
  const running = new Set<ChildProcess>()

  async function serve(exchange: OriginExchange, pathInfo: string): Promise<void> {
    const { request, response } = exchange
    const child = spawn(backend, [], {
      env: { ...gitEnvironment, ...cgiEnvironment(exchange, projectRoot, pathInfo) },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    running.add(child)
    child.once('close', () => running.delete(child))
    child.once('error', () => response.destroy())
    // Whoever goes away early ends the process: nobody will read its answer.
    response.once('close', () => child.kill('SIGTERM'))

    // git may answer before it has read everything (a refused push); what it leaves unread is no failure of ours.
    const sent = pipeline(request, child.stdin).catch(() => undefined)
    await pipeline(
      child.stdout,
      createCgiHeaderReader(({ status, fields }) => response.writeHead(status, fields)),
      response,
    ).catch(() => response.destroy())
    await sent
  }

  return {
    serve,
    get processes() {
      return running.size
    },
    close() {
      for (const child of running) child.kill('SIGKILL')
    },
  }
}

function cgiEnvironment(exchange: OriginExchange, projectRoot: string, pathInfo: string): Record<string, string> {
  const { request, url, identity } = exchange
  return {
    GIT_PROJECT_ROOT: projectRoot,
    GIT_HTTP_EXPORT_ALL: '1',
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: request.method ?? 'GET',
    PATH_INFO: pathInfo,
    QUERY_STRING: url.search.slice(1),
    REMOTE_USER: identity.account,
    REMOTE_ADDR: request.socket.remoteAddress ?? '',
    SERVER_PROTOCOL: `HTTP/${request.httpVersion}`,
    ...fieldVariables(request.headers),
  }
}

/** The fields git looks at. Without CONTENT_LENGTH it reads to the end, which is what chunked content needs. */
function fieldVariables(headers: IncomingHttpHeaders): Record<string, string> {
  const variables: [name: string, value: string | string[] | undefined][] = [
    ['CONTENT_TYPE', headers['content-type']],
    ['CONTENT_LENGTH', headers['content-length']],
    ['HTTP_CONTENT_ENCODING', headers['content-encoding']],
    ['GIT_PROTOCOL', headers['git-protocol']],
  ]
  return Object.fromEntries(variables.flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])))
}
