import assert from 'node:assert/strict'
import { createServer, get, type IncomingMessage } from 'node:http'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { jsonMember } from '../../../devkit/op/json-member.ts'
import { listen } from '../../../devkit/op/listen.ts'
import { type OpenOrigin, openOrigin, samplePat } from '../../../devkit/origin/origin-fixture.ts'

const issuer = 'https://torhaus.test'
const keys = await generateKeyPair('ES256')
const strangerKeys = await generateKeyPair('ES256')
const jwks = createServer(async (_, response) =>
  response.end(JSON.stringify({ keys: [await exportJWK(keys.publicKey)] })),
)
let open: OpenOrigin

before(async () => {
  const port = await listen(jwks, '127.0.0.1', 0)
  const jwksUrl = () => `http://127.0.0.1:${port}/`
  open = await openOrigin({
    identity: { kind: 'assertion', field: 'X-Torhaus-Assertion', jwksUrl, audience: 'devops', issuer },
  })
})
after(async () => {
  await open.close()
  jwks.closeAllConnections()
  await new Promise(resolve => jwks.close(resolve))
})

function assertion(claims: JWTPayload = {}, key = keys.privateKey): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60
  return new SignJWT({ iss: issuer, aud: 'devops', sub: 'ada', exp, ...claims })
    .setProtectedHeader({ alg: 'ES256' })
    .sign(key)
}

/** The status and, for 200, who the server says one is. */
async function whoami(
  headers: Record<string, string>,
): Promise<[status: number, account?: unknown, authentication?: unknown]> {
  const response = await fetch(`${open.origin.url}/DefaultCollection/_apis/whoami`, { headers })
  const content = await response.text()
  if (response.status !== 200) return [response.status]
  const answer: unknown = JSON.parse(content)
  return [200, jsonMember(answer, 'account'), jsonMember(answer, 'authentication')]
}

test('a valid assertion is its subject', async () => {
  const answer = await whoami({ 'X-Torhaus-Assertion': await assertion() })
  assert.deepEqual(answer, [200, 'ada', 'assertion'])
})

test('an expired, foreign, misdirected or forged assertion is nobody, even beside a valid token', async () => {
  const forgeries = [
    await assertion({ exp: 1 }),
    await assertion({ iss: 'https://other.test' }),
    await assertion({ aud: 'other' }),
    await assertion({}, strangerKeys.privateKey),
    'nonsense',
  ]
  for (const forgery of forgeries) {
    const headers = { 'X-Torhaus-Assertion': forgery, Authorization: `Bearer ${samplePat}` }
    assert.deepEqual(await whoami(headers), [401])
  }
})

test('a personal access token is its account as Bearer and as the password of Basic, under any name', async () => {
  const basic = (text: string) => Buffer.from(text).toString('base64')
  const fields = [`Bearer ${samplePat}`, `Basic ${basic(`:${samplePat}`)}`, `basic ${basic(`PAT:${samplePat}`)}`]
  for (const Authorization of fields) {
    assert.deepEqual(await whoami({ Authorization }), [200, 'ada', 'pat'])
  }
})

test('a token of the server is its account', async () => {
  const token = await open.origin.issueServerToken('build')
  const answer = await whoami({ Authorization: `bearer ${token}` })
  assert.deepEqual(answer, [200, 'build', 'server-token'])
})

test('no credentials and a wrong token get the challenges of an on-prem server, one field line each', async () => {
  for (const headers of [{}, { Authorization: 'Bearer wrong' }]) {
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      get(`${open.origin.url}/DefaultCollection/`, { headers, agent: false }, resolve).once('error', reject),
    )
    response.resume()
    assert.equal(response.statusCode, 401)
    const lines = response.rawHeaders.flatMap((name, index, raw) => (name === 'WWW-Authenticate' ? raw[index + 1] : []))
    assert.deepEqual(lines, ['Bearer', `Basic realm="${open.origin.url}/"`, 'Negotiate'])
    assert.equal(response.headers['lfs-authenticate'], 'NTLM')
    assert.match(String(response.headers['x-vss-e2eid']), /^[0-9a-f-]{36}$/)
  }
})
