/**
 * The conversation of a build agent, as microsoft/azure-pipelines-agent and the .NET client below it lead it: registered
 * with a personal access token, then by tokens of the server, each fetched with a signed assertion.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { SignJWT } from 'jose'
import type { RawResponse } from '../../devkit/clients/raw-http.ts'
import { basic, configured, type ProxyUnderTest, samplePat, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { type AgentServer, startAgentServer } from './agent-server.ts'

/** An agent's poll is held for 50 s; here everything is 25 times as fast, the deadline of Torhaus, too. */
const FASTER = 25
const POLL_MS = 50_000 / FASTER
const HEADERS_TIMEOUT_MS = 300_000 / FASTER

const AGENT = [
  'User-Agent: VstsAgentCore-linux-x64/4.255.0 (Linux 6.1.0) VSServices/4.255.0.0 (NetStandard; Linux 6.1.0)',
  'X-TFS-FedAuthRedirect: Suppress',
  'Accept: application/json; api-version=7.1-preview.1',
]
const POOL = '/tfs/_apis/distributedtask/pools/1'

let proxy: ProxyUnderTest
let server: AgentServer
let privateKey: KeyObject
let clientId: string
let token: string
let session: string

before(async () => {
  proxy = await startProxy({ configure: configured({}, { headersTimeoutMs: HEADERS_TIMEOUT_MS }) })
  server = startAgentServer(proxy.fixture.url, POLL_MS)
  proxy.origin.answerWith((request, response) => void server.answer(request, response))
})
after(() => proxy.close())

const ask = (line: string, fields: readonly string[] = [], content = '') =>
  proxy.ask(line, [...AGENT, ...fields, ...(content === '' ? [] : [`Content-Length: ${content.length}`])], content)
const bearer = () => `Authorization: Bearer ${token}`
const json = (value: object) => [['Content-Type: application/json'], JSON.stringify(value)] as const

/** What makes an agent fetch a token: it looks for the scheme in each line of a 401. */
const offersBearer = (response: RawResponse) =>
  response.status === 401 && response.all('WWW-Authenticate').some(challenge => challenge.startsWith('Bearer'))

async function fetchToken(key = privateKey): Promise<RawResponse> {
  const endpoint = `${proxy.fixture.url}/tfs/_apis/oauth2/token`
  const assertion = await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(endpoint)
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(key)
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  })
  return ask('POST /tfs/_apis/oauth2/token', ['Content-Type: application/x-www-form-urlencoded'], String(form))
}

test('it is registered with a personal access token, which it sends after a challenge for Basic', async () => {
  const anonymous = await ask('GET /tfs/_apis/connectionData?connectOptions=1&lastChangeId=-1&lastChangeId64=-1')
  assert.equal(anonymous.status, 401)
  assert.ok(anonymous.all('WWW-Authenticate').some(challenge => challenge.startsWith('Basic')))
  const pat = basic('VstsAgent', samplePat)
  assert.equal((await ask('GET /tfs/_apis/connectionData', [pat])).status, 200)
  assert.equal((await ask('OPTIONS /tfs/_apis/', [pat])).status, 200)
  assert.equal((await ask('GET /tfs/_apis/distributedtask/pools?poolName=Default', [pat])).status, 200)

  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  privateKey = keys.privateKey
  const { e = '', n = '' } = keys.publicKey.export({ format: 'jwk' })
  const publicKey = {
    exponent: Buffer.from(e, 'base64url').toString('base64'),
    modulus: Buffer.from(n, 'base64url').toString('base64'),
  }
  const [fields, content] = json({ name: 'agent-1', version: '4.255.0', authorization: { publicKey } })
  const registered = await ask(`POST ${POOL}/agents`, [pat, ...fields], content)
  assert.equal(registered.status, 200)
  const { authorization } = JSON.parse(registered.text)
  assert.equal(authorization.authorizationUrl, `${proxy.fixture.url}/tfs/_apis/oauth2/token`)
  clientId = authorization.clientId
})

test('started, it asks without credentials, finds Bearer in the 401, and gets a token for its assertion', async () => {
  const [fields, content] = json({ ownerName: 'agent-1' })
  assert.ok(offersBearer(await ask(`POST ${POOL}/sessions`, fields, content)))
  const answer = await fetchToken()
  assert.equal(answer.status, 200)
  assert.equal((await proxy.record(answer))['torhaus.admitted_by'], 'agent-token-exchange')
  token = JSON.parse(answer.text).access_token
  const opened = await ask(`POST ${POOL}/sessions`, [bearer(), ...fields], content)
  assert.equal(opened.status, 200)
  session = JSON.parse(opened.text).sessionId
})

test('an assertion of somebody else gets the 400 of the server, and nothing but it', async () => {
  const { privateKey: other } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const answer = await fetchToken(other)
  assert.equal(answer.status, 400)
  assert.equal(JSON.parse(answer.text).error, 'invalid_client')
})

const poll = () => ask(`GET ${POOL}/messages?sessionId=${session}&lastMessageId=0`, [bearer()])

test('a poll that is held as long as the server likes ends with its 202', async () => {
  const answer = await poll()
  assert.equal(answer.status, 202)
  assert.equal(answer.text, '')
})

test('the 401 of the server for a token that is over is relayed, and the agent fetches another', async () => {
  server.expireTokens()
  const over = await poll()
  assert.ok(offersBearer(over))
  assert.equal(over.one('X-Torhaus-Error'), undefined)
  token = JSON.parse((await fetchToken()).text).access_token
  server.queueJob()
  assert.equal((await poll()).status, 200)
})

test('a job has a token of its own, as Bearer and as the password of OAuth', async () => {
  server.queueJob()
  const message = JSON.parse((await poll()).text)
  const { jobToken } = JSON.parse(message.body)
  assert.equal((await ask(`DELETE ${POOL}/messages/${message.messageId}`, [bearer()])).status, 200)
  const log = 'POST /tfs/DefaultCollection/_apis/build/logs/1'
  for (const credentials of [`Authorization: bearer ${jobToken}`, basic('OAuth', jobToken)]) {
    const answer = await ask(log, [credentials, 'Content-Type: application/octet-stream'], 'compiled\n')
    assert.equal(answer.status, 200)
    assert.equal((await proxy.record(answer))['torhaus.scheme'], 'server-token')
  }
  assert.equal(server.jobLog, 'compiled\ncompiled\n')
})
