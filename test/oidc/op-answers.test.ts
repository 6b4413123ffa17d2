/** What an OP, or whatever stands before it, may answer: each ends a request, and says whether waiting helps. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import type { Code } from '../../src/errors.ts'
import { OpenIdProvider } from '../../src/oidc/provider.ts'

const CLOSED = 'Connection: close\r\n\r\n'
const head = (status: string, type: string) => `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n`
const json = (status: string, content: object) => head(status, 'application/json') + CLOSED + JSON.stringify(content)
const page = (status: string) => `${head(status, 'text/html')}Retry-After: 30\r\n${CLOSED}<script>alert(1)</script>`

let issuer: string
let answer: (socket: Socket) => void
const sockets = new Set<Socket>()
const server = createServer(socket => {
  sockets.add(socket)
  socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  socket.once('data', request => {
    if (!request.includes('well-known')) return answer(socket)
    const endpoints = { authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` }
    const usual = { response_types_supported: ['code'], subject_types_supported: ['public'] }
    socket.end(json('200 OK', { issuer, jwks_uri: `${issuer}/keys`, ...endpoints, ...usual }))
  })
})
before(async () => {
  issuer = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
})
after(() => {
  server.close()
  for (const socket of sockets) socket.destroy()
})

function newProvider(): OpenIdProvider {
  const settings = {
    ...{ issuer, clientId: 'torhaus', clockToleranceSeconds: 30, timeoutMs: 300 },
    ...{ keysMaxAgeSeconds: 300, refreshGraceSeconds: 0, scopes: ['openid'], idToken: {} },
    ...{ tokenEndpointAuthMethod: 'none', clientAuthentication: { method: 'none' } },
  }
  return new OpenIdProvider(settings as never, Date.now)
}

const whole = (text: string) => (socket: Socket) => socket.end(text)
const begun = (text: string) => (socket: Socket) => socket.write(text)

/** Answers to a refresh, what is made of them, and what the log says. */
const ANSWERS: Readonly<Record<string, [(socket: Socket) => unknown, Code, RegExp]>> = {
  'another protocol that nobody asked for': [
    begun('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
    ...(['op-unreachable', /ended without an answer/] as const),
  ],
  'content that breaks off': [
    socket => socket.end(`${head('200 OK', 'application/json')}Content-Length: 100\r\n\r\n{`),
    ...(['op-unreachable', /aborted/] as const),
  ],
  'content that is never whole': [
    begun(`${head('200 OK', 'application/json')}Content-Length: 100\r\n\r\n{`),
    ...(['op-unreachable', /timeout/] as const),
  ],
  'a head that is never whole': [begun('HTTP/1.1 200 OK\r\nX: '), 'op-unreachable', /timeout/],
  'a page of a balancer, 503': [whole(page('503 Service Unavailable')), 'op-unreachable', /: 503 with text\/html/],
  'a page of a balancer, 502': [whole(page('502 Bad Gateway')), 'op-unreachable', /: 502 with text\/html/],
  'an error of its own, 500': [whole(json('500 Oops', { error: 'boom' })), 'op-unreachable', /: 500 with/],
  'a refusal that failed, 500': [whole(json('500 Oops', { error: 'invalid_grant' })), 'op-unreachable', /: 500 with/],
  'too many requests, as JSON': [whole(json('429 Slow', { error: 'slow_down' })), 'op-unreachable', /429 slow_down/],
  'too many requests, as a page': [whole(page('429 Slow')), 'op-unreachable', /: 429 with text\/html/],
  'a refusal': [whole(json('400 Bad Request', { error: 'invalid_grant' })), 'sign-in-refused', /400 invalid_grant/],
  'a page that is no answer': [whole(page('200 OK')), 'op-response-invalid', /: 200 with text\/html/],
  'a page that is not there': [whole(page('404 Not Found')), 'op-response-invalid', /: 404 with text\/html/],
  'a reason with control characters, and no tokens': [whole(json('200 \x01\x02', {})), 'op-response-invalid', /./],
}

for (const [name, [answered, code, words]] of Object.entries(ANSWERS))
  test(`${name}: a refresh ends as ${code}`, { timeout: 10_000 }, async () => {
    const provider = newProvider()
    answer = socket => void answered(socket)
    await assert.rejects(provider.refresh('token', 'ada'), (fault: Error & { readonly code?: unknown }) => {
      const said: string[] = []
      for (let error: unknown = fault; error instanceof Error; error = error.cause) said.push(error.message)
      assert.match(said.join(': '), words)
      assert.equal(fault.code, code)
      return true
    })
  })

test('keys are asked for again after an answer in another protocol', { timeout: 10_000 }, async () => {
  let nowMs = 1_000_000
  const settings = { issuer, clientId: 'torhaus', timeoutMs: 300, keysMaxAgeSeconds: 300, refreshGraceSeconds: 0 }
  const provider = new OpenIdProvider({ ...settings, clientAuthentication: { method: 'none' } } as never, () => nowMs)
  answer = begun('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await assert.rejects(provider.keys.keySet(), { code: 'op-unreachable' })
  nowMs += 10_000
  answer = whole(json('200 OK', { keys: [] }))
  assert.equal((await provider.keys.keySet()).issuer, issuer)
})
