import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import {
  BROWSER_COOKIE,
  codeOf,
  SESSION_COOKIE,
  type SignInLab,
  startSignInLab,
} from '../../devkit/torhaus/sign-in-lab.ts'

const OPAQUE_ID = /^[\w-]{43}$/
const WANTED = '/DefaultCollection/_boards?view=mine&text=a%0Ab'
let lab: SignInLab

before(async () => {
  lab = await startSignInLab()
})
after(() => lab.close())

test('a navigation without a session leads through the OP to the page wanted, as the account signed in', async () => {
  const browser = new BrowserClient()
  const end = await signIn(browser, lab.url + WANTED, lab.users.ada)
  assert.equal(end.url, lab.url + WANTED)
  assert.equal(end.status, 200)
  assert.equal(lab.origin.requests.at(-1)?.target, WANTED)
  assert.equal(lab.account(), 'ada')
})

test('the authorization request carries acr_values and max_age, and a state, nonce and PKCE challenge of its own', async () => {
  const parametersOf = async () => {
    const { headers } = await new BrowserClient().send(`${lab.url}/.torhaus/sign-in`)
    return new URL(headers.get('location') ?? '').searchParams
  }
  const [one, other] = [await parametersOf(), await parametersOf()]
  assert.equal(one.get('response_type'), 'code')
  assert.equal(one.get('code_challenge_method'), 'S256')
  assert.equal(one.get('acr_values'), secondFactorAcr)
  assert.equal(one.get('max_age'), '43200')
  assert.equal(one.get('redirect_uri'), `${lab.url}/.torhaus/callback`)
  for (const name of ['state', 'nonce', 'code_challenge']) {
    // Behind the id of the state stands, sealed, what the sign-in is for.
    const [id = '', otherId] = [one, other].map(query => query.get(name)?.split('.')[0])
    assert.match(id, OPAQUE_ID, name)
    assert.notEqual(id, otherId, name)
  }
})

test('the redirect of a navigation is not stored anywhere and shows nothing but the way', async () => {
  const answer = await new BrowserClient().send(lab.url + WANTED)
  assert.equal(answer.status, 302)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  assert.equal(answer.headers.get('location'), `${lab.url}/.torhaus/sign-in?return_to=${encodeURIComponent(WANTED)}`)
  assert.equal(answer.text, '')
})

test('a planted session id never becomes a session: the sign-in brings a new one', async () => {
  const browser = new BrowserClient()
  const planted = 'p'.repeat(43)
  browser.plant(SESSION_COOKIE, planted)
  await signIn(browser, `${lab.url}/`, lab.users.ada)
  const id = browser.cookies.get(SESSION_COOKIE)?.value ?? ''
  assert.match(id, OPAQUE_ID)
  assert.notEqual(id, planted)
  const thief = new BrowserClient()
  thief.plant(SESSION_COOKIE, planted)
  assert.equal(codeOf(await thief.send(`${lab.url}/`)), 'session-ended')
})

test('neither cookie of ours reaches the origin, and those of the origin do', async () => {
  const browser = await lab.signedIn()
  browser.plant('FedAuth', 'of the server')
  browser.plant(BROWSER_COOKIE, 'in flight')
  await browser.get(`${lab.url}/`)
  const [cookie = ''] = lab.origin.requests.at(-1)?.all('cookie') ?? []
  assert.match(cookie, /(^|; )FedAuth=of the server$/)
  assert.doesNotMatch(cookie, /torhaus/)
})

test('a POST or script request with an ended session is answered 401 and never redirected', async () => {
  const browser = new BrowserClient()
  browser.plant(SESSION_COOKIE, 'e'.repeat(43))
  const seen = lab.origin.requests.length
  const posted = await browser.send(`${lab.url}/form`, { method: 'POST', fields: { Origin: lab.url }, content: 'a=b' })
  const fetched = await browser.send(`${lab.url}/`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
  const xhr = await browser.send(`${lab.url}/`, { fields: { 'X-Requested-With': 'XMLHttpRequest' } })
  const suppressed = await browser.send(`${lab.url}/`, { fields: { 'X-TFS-FedAuthRedirect': 'Suppress' } })
  for (const answer of [posted, fetched, xhr, suppressed]) {
    assert.equal(answer.status, 401)
    assert.equal(codeOf(answer), 'session-ended')
    assert.equal(answer.headers.get('location'), null)
  }
  assert.equal(lab.origin.requests.length, seen)
})
