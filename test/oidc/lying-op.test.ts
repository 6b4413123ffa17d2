import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { base64url, generateKeyPair } from 'jose'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp, type Telling, type Truth } from '../../devkit/op/lying-op.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer })
})
afterEach(() => {
  op.tell()
  op.respond()
})
after(async () => {
  await lab?.close()
  await op?.close()
})

/** The claims as they should be, but for these; undefined leaves one out. */
const claiming =
  (lies: Readonly<Record<string, unknown>>): Telling =>
  ({ sign, header, claims }) =>
    sign(header, { ...claims, ...lies })

const unsigned = (header: object, { claims }: Truth) =>
  `${base64url.encode(JSON.stringify(header))}.${base64url.encode(JSON.stringify(claims))}.`

const lies: Readonly<Record<string, Telling>> = {
  'an ID token of another issuer': claiming({ iss: 'https://other.example' }),
  'an ID token for another client': claiming({ aud: 'someone-else' }),
  'an ID token for several, without azp': claiming({ aud: ['torhaus', 'someone-else'] }),
  'an ID token that another client asked for': claiming({ aud: ['torhaus', 'someone-else'], azp: 'someone-else' }),
  'the nonce of another sign-in': claiming({ nonce: 'a nonce from elsewhere' }),
  'no nonce': claiming({ nonce: undefined }),
  'an ID token that has expired': claiming({ exp: Math.floor(Date.now() / 1000) - 3600 }),
  'an ID token without exp': claiming({ exp: undefined }),
  'an ID token without iat': claiming({ iat: undefined }),
  'an exp that is no time': ({ sign, header, claims }) =>
    sign(header, JSON.stringify({ ...claims, exp: 0 }).replace('"exp":0', '"exp":1e300')),
  'an exp that is text': claiming({ exp: '4102444800' }),
  'no sub': claiming({ sub: undefined }),
  'an unsigned ID token': truth => unsigned({ alg: 'none' }, truth),
  'an unsigned ID token that says RS256': truth => unsigned(truth.header, truth),
  'HS256 with the public key as the secret': ({ sign, claims, publicKey }) =>
    sign({ alg: 'HS256' }, claims, new TextEncoder().encode(JSON.stringify(publicKey))),
  'a signature by another key of the same name': async ({ sign, header, claims }) =>
    sign(header, claims, (await generateKeyPair('RS256')).privateKey),
  'a signature by a key that is not published': ({ sign, claims }) => sign({ alg: 'RS256', kid: 'other' }, claims),
  'a claim given twice, the second one wrong': ({ sign, header, claims }) =>
    sign(header, JSON.stringify(claims).replace(/}$/, ',"aud":"someone-else"}')),
  'no ID token at all': () => '',
}

for (const [what, telling] of Object.entries(lies)) {
  test(`${what} is refused, and opens no session`, async () => {
    op.tell(telling)
    const browser = new BrowserClient()
    const seen = lab.origin.requests.length
    const end = await browser.get(`${lab.url}/page`)
    assert.equal(end.status, 502)
    assert.equal(codeOf(end), 'op-response-invalid')
    assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
    assert.equal(lab.origin.requests.length, seen)
    const { 'error.message': logged } = await lab.logged(
      record => record['http.request.id'] === end.headers.get('x-request-id'),
    )
    assert.match(String(logged), /\w/)
  })
}

test('the truth opens a session, so that the lies above are refused for what they are', async () => {
  const end = await new BrowserClient().get(`${lab.url}/page`)
  assert.equal(end.status, 200)
  assert.equal(lab.account(), 'ada')
})

test('an authorization response that names another issuer is refused (RFC 9207)', async () => {
  op.respond(parameters => parameters.set('iss', 'https://other.example'))
  assert.equal(codeOf(await new BrowserClient().get(`${lab.url}/`)), 'op-response-invalid')
})

test('an OP that does not sign the person in is told as a refusal', async () => {
  op.respond(parameters => {
    parameters.delete('code')
    parameters.set('error', 'access_denied')
    parameters.set('error_description', '<script>alert(1)</script>')
  })
  const end = await new BrowserClient().get(`${lab.url}/`)
  assert.deepEqual([end.status, codeOf(end)], [403, 'sign-in-refused'])
  assert.doesNotMatch(end.text, /script/)
})
