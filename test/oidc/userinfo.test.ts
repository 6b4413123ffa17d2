import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let op: LyingOp
let lab: SignInLab
let offsetMs = 0
before(async () => {
  op = await startLyingOp()
  op.describe(right => ({ ...right, userinfo_endpoint: `${op.issuer}/userinfo` }))
  lab = await startSignInLab({
    ...{ issuer: op.issuer, now: () => Date.now() + offsetMs },
    configure: config => ({ ...config, oidc: { ...config.oidc, userinfo: true } as typeof config.oidc }),
  })
})
afterEach(() => op.tell())
after(async () => {
  await lab?.close()
  await op?.close()
})

const serve = (claims: object, status = 200) =>
  op.answerAt('/userinfo', (request, response) => {
    const isOurs = /^Bearer ./.test(request.headers.authorization ?? '')
    response.writeHead(isOurs ? status : 401, { 'Content-Type': 'application/json' }).end(JSON.stringify(claims))
  })

const withoutAccount = (more = {}) =>
  op.tell(({ sign, header, claims: { preferred_username: _, ...claims } }) => sign(header, { ...claims, ...more }))

test('an account that only userinfo names is the one of the session', async () => {
  withoutAccount()
  serve({ sub: 'subject-of-ada', preferred_username: 'ada' })
  assert.equal((await new BrowserClient().get(`${lab.url}/page`)).status, 200)
  assert.equal(lab.account(), 'ada')
})

test('what the ID token says comes first', async () => {
  serve({ sub: 'subject-of-ada', preferred_username: 'eve' })
  assert.equal((await new BrowserClient().get(`${lab.url}/page`)).status, 200)
  assert.equal(lab.account(), 'ada')
})

test('a factor or a time that only userinfo names proves nothing', async () => {
  withoutAccount({ acr: undefined })
  serve({ sub: 'subject-of-ada', preferred_username: 'ada', acr: 'urn:torhaus:acr:mfa' })
  assert.equal(codeOf(await new BrowserClient().get(`${lab.url}/page`)), 'second-factor-missing')
})

test('userinfo of somebody else is refused (OIDC Core 5.3.2)', async () => {
  withoutAccount()
  serve({ sub: 'subject-of-eve', preferred_username: 'eve' })
  assert.equal(codeOf(await new BrowserClient().get(`${lab.url}/page`)), 'op-response-invalid')
})

test('userinfo that is refused is told with its place', async () => {
  serve({ error: 'insufficient_scope' }, 403)
  const end = await new BrowserClient().get(`${lab.url}/page`)
  assert.equal(codeOf(end), 'op-response-invalid')
  const id = end.headers.get('x-request-id')
  const record = await lab.logged(entry => entry['http.request.id'] === id && entry['event.action'] === 'request')
  assert.match(String(record['error.message']), /^userinfo endpoint: /)
})

test('userinfo that fails once at a refresh signs nobody out: the OP has given a new refresh token before it', async () => {
  serve({ sub: 'subject-of-ada' })
  const browser = new BrowserClient()
  await browser.get(`${lab.url}/page`)
  const page = async () => (await browser.send(`${lab.url}/page`)).status
  offsetMs = 600_000
  serve({}, 503)
  assert.equal(await page(), 200)
  await lab.logged(record => record['event.outcome'] === 'op-unreachable')
  serve({ sub: 'subject-of-ada' })
  offsetMs += 900_000
  // It is overdue now, and waits for the answer.
  assert.equal(await page(), 200)
  assert.equal(op.requests.refreshes, 2)
  offsetMs = 0
})
