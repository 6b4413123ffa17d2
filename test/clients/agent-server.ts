/**
 * What a build agent meets at its server, as the agent's public sources show it: a pool, registration with the public
 * part of an RSA key, tokens for signed assertions (RFC 7523), a session, messages that are waited for.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type JWK, jwtVerify, SignJWT } from 'jose'
import { serverTokenIssuer } from '../../devkit/origin/identity.ts'
import { sendUnauthorized } from '../../devkit/origin/unauthorized.ts'
import { samplePat } from '../../devkit/torhaus/proxy-under-test.ts'

export interface AgentServer {
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** What the next poll waits for; without a job, 202 after `pollMs`. */
  queueJob(): void
  /** All tokens so far are over, as after an hour. */
  expireTokens(): void
  /** Content of the log that the job has sent. */
  readonly jobLog: string
}

interface Agent {
  readonly publicKey: JWK
}

const POOL = '/tfs/_apis/distributedtask/pools/1'

export function startAgentServer(publicUrl: string, pollMs: number): AgentServer {
  const agents = new Map<string, Agent>()
  const key = new TextEncoder().encode(randomUUID())
  const tokenUrl = `${publicUrl}/tfs/_apis/oauth2/token`
  let tokens = new Set<string>()
  let jobs = 0
  let jobLog = ''

  async function issueToken(subject: string): Promise<string> {
    const claims = { appid: subject, jti: randomUUID() }
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(serverTokenIssuer)
      .setExpirationTime('1h')
      .sign(key)
    tokens.add(token)
    return token
  }

  /** Anonymous: the assertion is the credential. */
  async function exchange(content: string) {
    const form = new URLSearchParams(content)
    const assertion = form.get('client_assertion') ?? ''
    const subject = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString() || '{}').sub
    const agent = agents.get(subject)
    const isSigned =
      agent !== undefined &&
      (await jwtVerify(assertion, agent.publicKey, { audience: tokenUrl, algorithms: ['RS256'] }).catch(() => false))
    if (form.get('grant_type') !== 'client_credentials' || !isSigned)
      return [
        400,
        { error: 'invalid_client', error_description: 'the assertion is not of a registered agent' },
      ] as const
    return [200, { access_token: await issueToken(subject), token_type: 'jwt', expires_in: '3600' }] as const
  }

  function register(content: string) {
    const { authorization, name } = JSON.parse(content)
    const { exponent, modulus } = authorization.publicKey
    const toUrl = (value: string) => Buffer.from(value, 'base64').toString('base64url')
    const clientId = randomUUID()
    agents.set(clientId, { publicKey: { kty: 'RSA', e: toUrl(exponent), n: toUrl(modulus) } })
    return [200, { id: 7, name, authorization: { clientId, authorizationUrl: tokenUrl } }] as const
  }

  async function poll() {
    if (jobs === 0) {
      await new Promise(resolve => setTimeout(resolve, pollMs))
      return [202, undefined] as const
    }
    jobs--
    const body = JSON.stringify({ jobToken: await issueToken('job') })
    return [200, { messageId: 1, messageType: 'PipelineAgentJobRequest', body }] as const
  }

  const routes: Readonly<
    Record<string, (content: string) => Promise<readonly [number, unknown]> | readonly [number, unknown]>
  > = {
    'GET /tfs/_apis/connectionData': () => [200, { deploymentType: 'onPremises' }],
    'OPTIONS /tfs/_apis/': () => [200, { count: 0, value: [] }],
    'GET /tfs/_apis/distributedtask/pools': () => [200, { count: 1, value: [{ id: 1, name: 'Default' }] }],
    [`POST ${POOL}/agents`]: register,
    [`POST ${POOL}/sessions`]: () => [200, { sessionId: randomUUID() }],
    [`GET ${POOL}/messages`]: poll,
    [`DELETE ${POOL}/messages/1`]: () => [200, {}],
    'POST /tfs/DefaultCollection/_apis/build/logs/1': content => {
      jobLog += content
      return [200, { lineCount: content.split('\n').length }]
    },
  }

  return {
    async answer(request, response) {
      const path = request.url?.split('?')[0] ?? ''
      const content = await text(request)
      const isTokenRequest = request.method === 'POST' && path === '/tfs/_apis/oauth2/token'
      const token = tokenOf(request)
      if (!isTokenRequest && token !== samplePat && !tokens.has(token)) return sendUnauthorized(response, publicUrl)
      const handle = isTokenRequest ? exchange : routes[`${request.method} ${path}`]
      const [status, value] = (await handle?.(content)) ?? [404, { message: 'Not found' }]
      response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' })
      response.end(value === undefined ? undefined : JSON.stringify(value))
    },
    queueJob() {
      jobs++
    },
    expireTokens() {
      tokens = new Set()
    },
    get jobLog() {
      return jobLog
    },
  }
}

/** Of Bearer, or the password of Basic. */
function tokenOf({ headers }: IncomingMessage): string {
  const [, scheme = '', value = ''] = /^(\w+) (\S+)$/.exec(headers.authorization ?? '') ?? []
  if (scheme.toLowerCase() !== 'basic') return value
  return Buffer.from(value, 'base64')
    .toString()
    .replace(/^[^:]*:/, '')
}
