/** Constant traffic of every kind of client, counted by the fault during which it began. */
import { createHash, randomBytes } from 'node:crypto'
import { appendFile } from 'node:fs/promises'
import http from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { presentingToken, runGit } from '../origin/git-client.ts'

export interface Counts {
  requests: number
  failed: number
  failedIdempotent: number
  failedPushes: number
  /** Why, and how often. */
  readonly reasons: Map<string, number>
}

export interface TrafficSettings {
  /** Origin of the balancer. */
  readonly url: string
  readonly cookies: readonly string[]
  readonly bearer: string
  readonly pat: string
  readonly gitUrl: string
  /** A clone of the repository, for pushes. */
  readonly clone: string
  /** What counts now. */
  readonly counts: () => Counts
  /** Between the starts of two requests of one client. */
  readonly paceMs?: number
}

const WHOAMI = '/DefaultCollection/_apis/whoami'
const UPLOAD = '/DefaultCollection/_apis/upload'
const PACE_MS = 40
const TIMEOUT_MS = 15_000
/** Of a push whose content takes its time. */
export const SLOW_PUSH_MS = 4000
const SLOW_PUSH_PIECES = 40
const PIECE_BYTES = 65_536

type Kind = 'idempotent' | 'push' | 'other'

/** Runs until `signal`; resolves once everything under way has ended. */
export async function runTraffic(settings: TrafficSettings, signal: AbortSignal): Promise<void> {
  const { cookies, bearer, pat, paceMs = PACE_MS } = settings
  const basic = `Basic ${Buffer.from(`:${pat}`).toString('base64')}`
  const clients = [
    ...cookies.map(cookie => ({ Cookie: cookie })),
    ...Array.from({ length: 4 }, () => ({ Authorization: `Bearer ${bearer}` })),
    ...Array.from({ length: 4 }, () => ({ Authorization: basic })),
  ]
  const agent = new http.Agent({ keepAlive: true, maxSockets: clients.length + 4 })
  const get = (headers: http.OutgoingHttpHeaders) => () =>
    count('idempotent', settings.counts(), () => ask(settings.url + WHOAMI, { agent, headers }))
  const write = () =>
    count('other', settings.counts(), () =>
      ask(settings.url + UPLOAD, { agent, method: 'POST', headers: { Authorization: basic } }, Buffer.alloc(1000)),
    )
  const slowPush = () =>
    count('push', settings.counts(), () =>
      upload(settings.url + UPLOAD, { agent, method: 'POST', headers: { Authorization: basic } }),
    )
  await Promise.all([
    ...clients.map(headers => repeat(get(headers), paceMs, signal)),
    repeat(write, 5 * PACE_MS, signal),
    repeat(slowPush, PACE_MS, signal),
    repeat(slowPush, PACE_MS, signal),
    repeat(() => count('other', settings.counts(), () => fetchByGit(settings)), 500, signal),
    repeat(() => count('push', settings.counts(), () => pushByGit(settings)), 500, signal),
  ])
  agent.destroy()
}

async function repeat(act: () => Promise<void>, paceMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const begun = performance.now()
    await act()
    await sleep(Math.max(0, begun + paceMs - performance.now()), undefined, { signal }).catch(() => undefined)
  }
}

/** `act` resolves to why it failed, or to nothing. */
async function count(kind: Kind, counts: Counts, act: () => Promise<string | undefined>): Promise<void> {
  counts.requests++
  const reason = await act()
  if (reason === undefined) return
  counts.failed++
  if (kind === 'idempotent') counts.failedIdempotent++
  if (kind === 'push') counts.failedPushes++
  const named = `${kind}: ${reason}`
  counts.reasons.set(named, (counts.reasons.get(named) ?? 0) + 1)
}

function ask(url: string, options: http.RequestOptions, content?: Buffer): Promise<string | undefined> {
  return exchange(url, options, request => request.end(content)).then(({ reason }) => reason)
}

/** Content that takes its time, and a server that says what arrived. */
async function upload(url: string, options: http.RequestOptions): Promise<string | undefined> {
  const hash = createHash('sha256')
  const { reason, text } = await exchange(url, options, async request => {
    for (let piece = 0; piece < SLOW_PUSH_PIECES && !request.destroyed; piece++) {
      const bytes = randomBytes(PIECE_BYTES)
      hash.update(bytes)
      request.write(bytes)
      await sleep(SLOW_PUSH_MS / SLOW_PUSH_PIECES)
    }
    request.end()
  })
  return reason ?? (text.includes(hash.digest('hex')) ? undefined : 'the content arrived changed')
}

function exchange(
  url: string,
  options: http.RequestOptions,
  send: (request: http.ClientRequest) => unknown,
): Promise<{ reason: string | undefined; text: string }> {
  return new Promise(resolve => {
    const failed = (error: NodeJS.ErrnoException) => resolve({ reason: error.code ?? error.message, text: '' })
    const request = http.request(url, options, response => {
      let text = ''
      response.setEncoding('utf8').on('data', chunk => (text += chunk))
      response.on('error', failed)
      response.on('close', () => {
        const { statusCode = 0, headers, complete } = response
        const problem = statusCode === 200 ? undefined : `${statusCode} ${headers['x-torhaus-error'] ?? ''}`.trim()
        resolve({ reason: complete ? problem : 'cut off', text })
      })
    })
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error('timeout')))
    request.on('error', failed)
    send(request)
  })
}

async function fetchByGit({ gitUrl, pat, clone }: TrafficSettings): Promise<string | undefined> {
  const { status, stderr } = await runGit(['ls-remote', gitUrl], {
    directory: clone,
    environment: presentingToken(pat),
  })
  return status === 0 ? undefined : `git ls-remote: ${lastLine(stderr)}`
}

async function pushByGit({ gitUrl, pat, clone }: TrafficSettings): Promise<string | undefined> {
  const run = (...args: string[]) => runGit(args, { directory: clone, environment: presentingToken(pat) })
  await appendFile(join(clone, 'file.txt'), `${randomBytes(100).toString('hex')}\n`)
  await run('add', '.')
  await run('commit', '-m', 'more')
  const { status, stderr } = await run('push', gitUrl, 'HEAD:main')
  return status === 0 ? undefined : `git push: ${lastLine(stderr)}`
}

const lastLine = (text: string) => text.trim().split('\n').at(-1)?.slice(0, 100) ?? ''
