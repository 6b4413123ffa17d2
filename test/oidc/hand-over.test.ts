/**
 * With a host of our own for the sign-in, the session gets to the host of the server by a code, once, and in the
 * browser alone that was sent to sign in.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const MAX_AGE_S = 3600
const OWN_COOKIE = 'torhaus-own'
const HANDED_OVER = '/.torhaus/handed-over?'
let op: LyingOp
let lab: SignInLab
let offsetMs = 0

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({
    ...{ issuer: op.issuer, ownHost: true, now: () => Date.now() + offsetMs },
    configure: config => ({ ...config, secondFactor: { ...config.secondFactor, maxAgeSeconds: MAX_AGE_S } }),
  })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

const isHandedOver = (url: string) => url.includes(HANDED_OVER)
const signsInAs = (name: string) =>
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, sub: name, preferred_username: name }))

/** Signs in at our own host, up to the code, which is not used. */
async function codeFor(browser: BrowserClient, name: string, path = '/page'): Promise<string> {
  signsInAs(name)
  return (await browser.get(lab.url + path, isHandedOver)).url
}

async function signedIn(name: string): Promise<BrowserClient> {
  const browser = new BrowserClient()
  await browser.send(await codeFor(browser, name))
  return browser
}

/** As whom this browser reaches the server; undefined: it does not. */
async function accountOf(browser: BrowserClient): Promise<string | undefined> {
  const { status } = await browser.send(`${lab.url}/who`)
  return status === 200 ? lab.account() : undefined
}

const locationOf = ({ headers }: Answer) => headers.get('location') ?? ''

test('the code opens the session of the sign-in, in the browser that began it, for the page that was wanted', async () => {
  const browser = new BrowserClient()
  const url = await codeFor(browser, 'ada', '/page?a=b')
  assert.ok(url.startsWith(`${lab.url}${HANDED_OVER}code=`), url)
  assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
  assert.equal(browser.cookies.get(OWN_COOKIE)?.host, 'localhost')
  const answer = await browser.send(url)
  assert.deepEqual([answer.status, locationOf(answer)], [303, '/page?a=b'])
  assert.equal(browser.cookies.get(SESSION_COOKIE)?.host, '127.0.0.1')
  assert.equal(await accountOf(browser), 'ada')
})

test('a code works once: a second time it opens nothing, also in the same browser', async () => {
  const browser = new BrowserClient()
  const url = await codeFor(browser, 'ada')
  await browser.send(url)
  browser.cookies.delete(SESSION_COOKIE)
  const again = await browser.send(url)
  assert.deepEqual([again.status, codeOf(again)], [400, 'sign-in-unknown'])
  assert.equal(again.headers.get('set-cookie'), null)
  assert.equal(await accountOf(browser), undefined)
})

test('a code that another browser comes with opens nothing there, and nothing any more where it was made for', async () => {
  const [owner, thief] = [new BrowserClient(), new BrowserClient()]
  const url = await codeFor(owner, 'ada')
  // With a sign-in of its own under way.
  await codeFor(thief, 'eve')
  const stolen = await thief.send(url)
  assert.deepEqual([stolen.status, codeOf(stolen)], [400, 'sign-in-unknown'])
  assert.equal(thief.cookies.get(SESSION_COOKIE), undefined)
  assert.equal(codeOf(await owner.send(url)), 'sign-in-unknown')
  assert.equal(await accountOf(thief), undefined)
})

test('nobody is signed in as somebody else by a link: a code of mine in your browser leaves you who you are', async () => {
  const [victim, attacker] = [await signedIn('bob'), new BrowserClient()]
  const before = victim.cookies.get(SESSION_COOKIE)?.value
  const answer = await victim.send(await codeFor(attacker, 'eve'))
  assert.equal(codeOf(answer), 'sign-in-unknown')
  assert.equal(victim.cookies.get(SESSION_COOKIE)?.value, before)
  assert.equal(await accountOf(victim), 'bob')
  const stranger = new BrowserClient()
  assert.equal(codeOf(await stranger.send(await codeFor(attacker, 'eve'))), 'sign-in-unknown')
  assert.equal(await accountOf(stranger), undefined)
})

test('who leads me to sign in for his browser gets nothing: the code is spent in mine', async () => {
  const [victim, attacker] = [await signedIn('bob'), new BrowserClient()]
  // The address at our own host that the server's has sent the attacker to.
  const lure = await attacker.get(`${lab.url}/page`, url => url.startsWith(lab.pagesUrl))
  const { url: handedOver } = await victim.get(lure.url, isHandedOver)
  const refused = await victim.send(handedOver)
  assert.equal(codeOf(refused), 'sign-in-unknown')
  assert.equal(codeOf(await attacker.send(handedOver)), 'sign-in-unknown')
  assert.equal(await accountOf(attacker), undefined)
  assert.equal(await accountOf(victim), 'bob')
})

test('a code changed in any part, made up, or too old opens nothing', async () => {
  const browser = new BrowserClient()
  const url = await codeFor(browser, 'ada')
  const [before = '', code = ''] = url.split('code=')
  const wrong = [
    // Whatever the first character of a random id is, this is another one.
    `${code.startsWith('A') ? 'B' : 'A'}${code.slice(1)}`,
    code.slice(0, -1),
    code.split('.')[0],
    '',
    'made-up',
    `${code}&code=${code}x`.slice(1),
  ]
  for (const other of wrong)
    assert.equal(codeOf(await browser.send(`${before}code=${other}`)), 'sign-in-unknown', `${other}`)
  const late = await codeFor(new BrowserClient(), 'ada')
  offsetMs += 61_000
  assert.equal(codeOf(await browser.send(late)), 'sign-in-unknown')
  assert.equal(codeOf(await browser.send(url)), 'sign-in-unknown')
  assert.equal(await accountOf(browser), undefined)
})

test('a code is no state of a sign-in, and a state is no code', async () => {
  const browser = new BrowserClient()
  const code = new URL(await codeFor(browser, 'ada')).searchParams.get('code') ?? ''
  browser.cookies.delete(OWN_COOKIE)
  const callback = `${lab.pagesUrl}/.torhaus/callback?code=x&state=${encodeURIComponent(code)}`
  // As whoever knows the code could name the own browser.
  for (const own of [undefined, code]) {
    if (own !== undefined) browser.plant('torhaus-own-sign-in', own)
    assert.notEqual((await browser.send(callback)).status, 303)
  }
  assert.equal(browser.cookies.get(OWN_COOKIE), undefined)
  const other = new BrowserClient()
  const atOp = await other.get(`${lab.url}/page`, url => url.startsWith(op.issuer))
  const state = new URL(atOp.url).searchParams.get('state') ?? ''
  const answer = await other.send(`${lab.url}${HANDED_OVER}code=${encodeURIComponent(state)}`)
  assert.equal(codeOf(answer), 'sign-in-unknown')
  assert.equal(await accountOf(other), undefined)
})

test('a browser that keeps no cookie of the server is told so, and not sent round in circles', async () => {
  const browser = new BrowserClient()
  const url = await codeFor(browser, 'ada')
  browser.cookies.delete('torhaus-sign-in')
  const answer = await browser.send(url)
  assert.equal(codeOf(answer), 'sign-in-unknown')
  assert.equal(answer.headers.get('refresh'), null)
  assert.match(answer.text, /href="\/\.torhaus\/sign-in\?return_to=%2Fpage/)
})

test('of tabs that were opened at once, those whose cookie was lost begin again by themselves, each for its page', async () => {
  const browser = new BrowserClient()
  const one = await codeFor(browser, 'ada', '/one')
  browser.cookies.delete('torhaus-sign-in')
  const two = await codeFor(browser, 'ada', '/two')
  const answer = await browser.send(one)
  const [, again] = /^1; url=(.*)$/.exec(answer.headers.get('refresh') ?? '') ?? []
  assert.ok(again, 'it begins again')
  assert.equal(locationOf(await browser.send(two)), '/two')
  const end = await browser.get(lab.url + again)
  assert.deepEqual([end.status, end.url], [200, `${lab.url}/one`])
})

test('whoever takes long at the OP is signed in all the same', async () => {
  const browser = new BrowserClient()
  signsInAs('ada')
  const { url } = await browser.get(`${lab.url}/page`, to => to.includes('/.torhaus/hand-over?'))
  offsetMs += 901_000
  const end = await browser.get(url)
  assert.deepEqual([end.status, end.url], [200, `${lab.url}/page`])
})

test('a session that would not be admitted any more is not handed over: the OP is asked', async () => {
  const browser = new BrowserClient()
  signsInAs('ada')
  await browser.get(`${lab.url}/page`, to => to.includes('/.torhaus/hand-over?'))
  offsetMs += MAX_AGE_S * 1000 + 1000
  const lure = await browser.get(`${lab.url}/.torhaus/sign-in?return_to=%2Fpage`, to => to.startsWith(lab.pagesUrl))
  const handOver = `${lab.pagesUrl}${new URL(lure.url).searchParams.get('return_to')}`
  const answer = await browser.send(handOver)
  assert.equal(locationOf(answer), `${lab.url}/.torhaus/sign-in?return_to=%2Fpage`)
  assert.ok((await browser.get(handOver, to => to.startsWith(op.issuer))).url.startsWith(op.issuer))
  // The OP goes by the real time, and must not seem to be behind for the others.
  offsetMs = 0
})

test('a session that ended before the code was used is not opened: the sign-in begins anew', async () => {
  const browser = new BrowserClient()
  const url = await codeFor(browser, 'ada')
  const elsewhere = browser.cookies.get(OWN_COOKIE)
  assert.ok(elsewhere)
  const fields = { Origin: lab.pagesUrl, Cookie: `${OWN_COOKIE}=${elsewhere.value}` }
  await new BrowserClient().send(`${lab.pagesUrl}/.torhaus/sign-out`, { method: 'POST', fields })
  const answer = await browser.send(url)
  assert.deepEqual([answer.status, locationOf(answer)], [303, '/.torhaus/sign-in?return_to=%2Fpage'])
  assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
})

test('the session that the browser had before, and that of another person, end with the hand-over', async () => {
  const browser = await signedIn('ada')
  const before = browser.cookies.get(SESSION_COOKIE)?.value
  browser.cookies.delete(OWN_COOKIE)
  const other = new BrowserClient()
  await browser.send(await codeFor(browser, 'bob', '/.torhaus/'))
  assert.equal(await accountOf(browser), 'bob')
  other.plant(SESSION_COOKIE, before ?? '')
  assert.equal(await accountOf(other), undefined)
})

test('what a page asks for beyond the usual is asked of the OP, through both hosts', async () => {
  const browser = await signedIn('ada')
  offsetMs += 120_000
  const query = 'return_to=%2Fpage&max_age=60&acr_values=high'
  const { url } = await browser.get(`${lab.url}/.torhaus/sign-in?${query}`, to => to.startsWith(op.issuer))
  const asked = new URL(url).searchParams
  assert.deepEqual([asked.get('max_age'), asked.get('acr_values')], ['60', 'high'])
  assert.equal(asked.get('redirect_uri'), `${lab.pagesUrl}/.torhaus/callback`)
})

test('no address of the server is led to from outside: where to go stays on both hosts', async () => {
  const browser = await signedIn('ada')
  for (const to of ['//evil.example', '/\\evil.example', 'https://evil.example/', '/%2fevil.example']) {
    const query = new URLSearchParams({ return_to: to })
    const here = await browser.send(`${lab.url}/.torhaus/sign-in?${query}`)
    assert.equal(locationOf(here), '/', to)
    const there = await browser.send(`${lab.pagesUrl}/.torhaus/hand-over?${new URLSearchParams({ to })}`)
    assert.equal(locationOf(there), `${lab.url}/.torhaus/sign-in?return_to=%2F`, to)
  }
})
