/**
 * A Torhaus that proves tokens, before an origin that answers as the named product does, as its public documentation
 * says.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

export type Product = 'azure-devops' | 'gitea' | 'gitlab' | 'bitbucket'

/** Whose each token is; and what each read is answered, where a test wants something else. */
export interface ServerState {
  readonly owners: Map<string, string>
  /** Tokens that are live, and may not read whose they are. */
  readonly narrow: Set<string>
  answers: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
}

export interface ProofLab extends ProxyUnderTest {
  readonly server: ServerState
  /** Targets of what has reached the origin since this was asked last: reads of Torhaus, and what was forwarded. */
  seen(): { reads: string[]; forwarded: string[] }
}

export const READS = [
  ...['/DefaultCollection/_apis/connectionData', '/api/v1/user', '/api/v1/token', '/login/oauth/userinfo'],
  ...['/api/v4/user', '/api/v4/job', '/api/v4/personal_access_tokens/self', '/rest/api/latest/application-properties'],
]

/** Labs for one test file, closed with it. */
export function proofLabs(): typeof startProofLab {
  const labs: ProofLab[] = []
  after(() => Promise.all(labs.map(lab => lab.close())))
  return async (...options) => {
    const lab = await startProofLab(...options)
    labs.push(lab)
    return lab
  }
}

export async function startProofLab(product: Product, patProof: object = {}, more: object = {}): Promise<ProofLab> {
  const server: ServerState = { owners: new Map(), narrow: new Set(), answers: undefined }
  const proxy = await startProxy({
    configure: config => ({
      ...configured({ trustedProxies: ['127.0.0.1'] })(config),
      credentials: {
        ...config.credentials,
        personalAccessTokens: [product],
        patProof: { profile: product, ...patProof },
      },
      ...more,
    }),
  })
  const { origin } = proxy
  origin.answerWith((request, response, received) => {
    if (server.answers?.(request, response)) return
    const path = received.target.split('?')[0] ?? ''
    const token = tokenOf(request)
    if (READS.includes(path)) return void answers[product](server, path, token, response)
    response.writeHead(200, { 'Content-Type': 'text/plain' }).end('public')
  })
  let at = 0
  return {
    ...proxy,
    server,
    seen() {
      const targets = origin.requests.slice(at).map(({ target }) => target)
      at = origin.requests.length
      return {
        reads: targets.filter(target => READS.includes(target)),
        forwarded: targets.filter(target => !READS.includes(target)),
      }
    },
  }
}

function tokenOf({ headers }: IncomingMessage): string {
  const field = headers.authorization ?? ''
  const [, bearer] = /^Bearer (.+)$/.exec(field) ?? []
  const [, basic] = /^Basic (.+)$/.exec(field) ?? []
  const password =
    basic === undefined
      ? undefined
      : Buffer.from(basic, 'base64')
          .toString()
          .replace(/^[^:]*:/, '')
  return String(bearer ?? password ?? headers['private-token'] ?? headers['job-token'] ?? '')
}

type Answers = (server: ServerState, path: string, token: string, response: ServerResponse) => unknown

const json = (response: ServerResponse, status: number, value: unknown, fields: Record<string, string> = {}) =>
  response.writeHead(status, { 'Content-Type': 'application/json', ...fields }).end(JSON.stringify(value))

const answers: Record<Product, Answers> = {
  'azure-devops'({ owners }, _, token, response) {
    const owner = owners.get(token)
    if (owner === undefined) return response.writeHead(401, { 'WWW-Authenticate': 'Bearer' }).end()
    return json(response, 200, {
      authenticatedUser: { id: 'b7a2f6c0-9d52-4b0e-8f55-6d1f4a0f3e33', properties: { Account: { $value: owner } } },
    })
  },
  gitea({ owners, narrow }, path, token, response) {
    const owner = owners.get(token)
    if (owner === undefined) return json(response, 401, { message: 'invalid username, password or token' })
    if (path === '/login/oauth/userinfo') return json(response, 403, { message: 'required scope: read:user' })
    if (path === '/api/v1/token') return json(response, 200, { id: 2, scopes: [], user: { id: 7, login: owner } })
    if (narrow.has(token)) return json(response, 403, { message: 'token does not have [read:user]' })
    return json(response, 200, { id: 7, login: owner })
  },
  gitlab({ owners, narrow }, path, token, response) {
    const owner = owners.get(token)
    if (owner === undefined) return json(response, 401, { message: '401 Unauthorized' })
    if (path.endsWith('/job')) return json(response, 200, { id: 8, status: 'running', user: { username: owner } })
    if (path.endsWith('/self')) return json(response, 200, { id: 1, user_id: 7, scopes: [] })
    if (narrow.has(token)) return json(response, 403, { error: 'insufficient_scope' })
    return json(response, 200, { id: 7, username: owner })
  },
  bitbucket({ owners }, _, token, response) {
    const owner = owners.get(token)
    if (owner === undefined) return json(response, 401, { errors: [] })
    return json(response, 200, { version: '9.4.0' }, { 'X-AUSERNAME': owner, 'X-AUSERID': '7' })
  },
}
