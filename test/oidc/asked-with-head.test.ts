/** Link previews and scanners ask with HEAD about links that they find: it spends none of what one request alone gets. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const TABS = 8
const STARTED = 'torhaus_sign_ins_total{event="started"}'

let op: LyingOp
let oneHost: SignInLab
let twoHosts: SignInLab
before(async () => {
  op = await startLyingOp()
  op.describe(metadata => ({ ...metadata, end_session_endpoint: `${op.issuer}/end` }))
  const issuer = op.issuer
  oneHost = await startSignInLab({
    issuer,
    configure: config => ({ ...config, oidc: { ...config.oidc, frontChannelLogout: true } }),
  })
  twoHosts = await startSignInLab({ issuer, ownHost: true })
})
after(async () => {
  await oneHost?.close()
  await twoHosts?.close()
  await op?.close()
})

const ask = (browser: BrowserClient, url: string) => browser.send(url, { method: 'HEAD' })
const locationOf = ({ headers }: Answer) => headers.get('location') ?? ''
const upTo = (browser: BrowserClient, lab: SignInLab, part: string) =>
  browser.get(`${lab.url}/page?a=b`, url => url.includes(part))

/** As the browser asks, and as somebody without its cookies does. */
async function askTwice(browser: BrowserClient, url: string): Promise<void> {
  for (const who of [browser, new BrowserClient()]) {
    const answer = await ask(who, url)
    assert.deepEqual([answer.status, new URL(locationOf(answer), url).search], [303, '?a=b'], url)
    assert.equal(answer.headers.get('set-cookie'), null)
  }
}

test('a callback that was asked about still signs in, and opens no session before', async () => {
  const browser = new BrowserClient()
  const { url } = await upTo(browser, oneHost, '/.torhaus/callback')
  await askTwice(browser, url)
  const answer = await browser.send(url)
  assert.deepEqual([answer.status, locationOf(answer)], [303, '/page?a=b'])
  assert.ok(browser.cookies.has(SESSION_COOKIE))
  assert.equal((await ask(browser, `${oneHost.url}/.torhaus/callback`)).status, 303)
  assert.equal((await ask(new BrowserClient(), `${oneHost.url}/.torhaus/callback`)).status, 400)
})

test('a sign-in that was only asked about begins none: it costs no other tab its own', async () => {
  const browser = new BrowserClient()
  const { url } = await upTo(browser, oneHost, '/.torhaus/callback')
  const started = await metricAt(oneHost.adminUrl, STARTED)
  assert.ok(started > 0)
  for (let tab = 0; tab < TABS; tab++) {
    const answer = await ask(browser, `${oneHost.url}/.torhaus/sign-in?return_to=/x&fragment=none`)
    assert.equal(answer.status, 303)
    assert.ok(locationOf(answer).startsWith(op.issuer), locationOf(answer))
  }
  assert.equal(await metricAt(oneHost.adminUrl, STARTED), started)
  assert.deepEqual(locationOf(await browser.send(url)), '/page?a=b')
})

test('a front-channel logout that was only asked about ends no session', async () => {
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, sid: 's1' }))
  const browser = new BrowserClient()
  await browser.get(`${oneHost.url}/`)
  const url = `${oneHost.url}/.torhaus/frontchannel-logout?${new URLSearchParams({ iss: op.issuer, sid: 's1' })}`
  assert.equal((await ask(new BrowserClient(), url)).status, 200)
  assert.equal((await browser.send(`${oneHost.url}/`)).status, 200)
  await new BrowserClient().send(url)
  assert.equal((await browser.send(`${oneHost.url}/`)).status, 302)
})

test('a hand-over, and its code, that were asked about still sign in at the host of the server', async () => {
  const browser = new BrowserClient()
  const { url: handOver } = await upTo(browser, twoHosts, '/.torhaus/hand-over?')
  for (let tab = 0; tab < TABS; tab++) {
    const answer = await ask(browser, handOver)
    assert.equal(answer.status, 303)
    // The code that it shows gives nobody a session.
    const { headers } = await browser.send(locationOf(answer))
    assert.equal(headers.get('set-cookie')?.includes(SESSION_COOKIE) ?? false, false)
    assert.equal(browser.cookies.has(SESSION_COOKIE), false)
  }
  const { url } = await browser.get(handOver, each => each.includes('/.torhaus/handed-over?'))
  await askTwice(browser, url)
  assert.equal(browser.cookies.has(SESSION_COOKIE), false)
  const answer = await browser.send(url)
  assert.deepEqual([answer.status, locationOf(answer)], [303, '/page?a=b'])
  assert.ok(browser.cookies.has(SESSION_COOKIE))
})

test('the way out by the host of the server, asked about, still leads on to the OP', async () => {
  const browser = new BrowserClient()
  await browser.get(`${twoHosts.url}/page`)
  const sending = { method: 'POST', fields: { Origin: twoHosts.pagesUrl } }
  const url = locationOf(await browser.send(`${twoHosts.pagesUrl}/.torhaus/sign-out`, sending))
  assert.ok(url.startsWith(`${twoHosts.url}/.torhaus/signed-out?code=`), url)
  assert.equal((await ask(browser, url)).status, 303)
  assert.ok(locationOf(await browser.send(url)).startsWith(`${op.issuer}/end`))
})
