import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { confirmAt } from '../../devkit/clients/own-forms.ts'
import type { LyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { linkIn } from '../grants/grants-lab.ts'
import { type SeveralLab, startSeveralLab } from './several-lab.ts'

let lab: SeveralLab
before(async () => {
  lab = await startSeveralLab()
})
afterEach(() => {
  lab.corp.tell()
  lab.corp.respond()
  lab.acquired.tell(telling('x-bob'))
  lab.acquired.respond()
})
after(() => lab?.close())

const telling =
  (account: string): Parameters<LyingOp['tell']>[0] =>
  ({ sign, header, claims }) =>
    sign(header, { ...claims, preferred_username: account, sub: 'bob' })

const at = (path: string) => lab.url + path
const linkTo = (name: string, { text }: Answer) =>
  at((new RegExp(`href="([^"]*provider=${name}[^"]*)"`).exec(text)?.[1] ?? '').replaceAll('&amp;', '&'))
const askedOf = (start: Answer) => new URL(start.headers.get('location') ?? 'http://nowhere').origin

test('whoever comes first is shown a page to choose from, and arrives where they wanted', async () => {
  const browser = new BrowserClient()
  const choice = await browser.get(at('/wanted?a=1'))
  assert.equal(choice.status, 200)
  assert.match(choice.text, />The company<.*>acquired</s)
  const end = await browser.get(linkTo('acquired', choice))
  assert.deepEqual([end.status, new URL(end.url).pathname, lab.account()], [200, '/wanted', 'x-bob'])
})

test('the browser remembers it, and ?provider= asks again', async () => {
  const browser = new BrowserClient()
  await browser.get(linkTo('acquired', await browser.get(at('/'))))
  browser.cookies.delete(SESSION_COOKIE)
  assert.equal(askedOf(await browser.send(at('/.torhaus/sign-in'))), lab.acquired.issuer)
  assert.match((await browser.send(at('/.torhaus/sign-in?provider='))).text, /Where do you sign in\?/)
  assert.match((await browser.send(at('/.torhaus/sign-in?provider=nobody'))).text, /Where do you sign in\?/)
  assert.equal(askedOf(await browser.send(at('/.torhaus/sign-in?provider=corp'))), lab.corp.issuer)
})

test('a login hint in a domain of one leads to it', async () => {
  const browser = new BrowserClient()
  const start = await browser.send(at('/.torhaus/sign-in?login_hint=ada@CORP.example'))
  assert.equal(askedOf(start), lab.corp.issuer)
  const other = await browser.send(at('/.torhaus/sign-in?login_hint=ada@evil.example'))
  assert.match(other.text, /Where do you sign in\?/)
})

test('each has a redirect URI of its own', async () => {
  await new BrowserClient().get(at('/.torhaus/sign-in?provider=corp'))
  assert.equal(lab.corp.asked.get('redirect_uri'), at('/.torhaus/callback/corp'))
  const answer = await new BrowserClient().send(at('/.torhaus/callback?state=s&code=c'))
  assert.equal(answer.status, 404)
})

/** The answer of `from`, brought to the callback of `to` by whoever has its hands on the way (RFC 9700 4.4). */
async function mixedUp(from: 'corp' | 'acquired', to: 'corp' | 'acquired'): Promise<Answer> {
  const browser = new BrowserClient()
  const back = await browser.get(at(`/.torhaus/sign-in?provider=${from}`), url => url.includes('/callback/'))
  return browser.get(back.url.replace(`/callback/${from}`, `/callback/${to}`))
}

test('an answer that comes to the redirect URI of another OP is refused, and its code shown to neither', async () => {
  for (const [from, to] of [
    ['corp', 'acquired'],
    ['acquired', 'corp'],
  ] as const) {
    const codes = [lab.corp.requests.codes, lab.acquired.requests.codes]
    const answer = await mixedUp(from, to)
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'sign-in-other-provider'])
    assert.deepEqual([lab.corp.requests.codes, lab.acquired.requests.codes], codes)
  }
})

test('an answer that names another issuer is refused (RFC 9207 2.4), and its code shown to nobody', async () => {
  lab.acquired.respond(parameters => parameters.set('iss', lab.corp.issuer))
  const { codes } = lab.acquired.requests
  const answer = await new BrowserClient().get(at('/.torhaus/sign-in?provider=acquired'))
  assert.equal(codeOf(answer), 'op-response-invalid')
  assert.equal(lab.acquired.requests.codes, codes)
})

test('an OP that promises to name itself must do so (RFC 9207 3)', async () => {
  const strict = await startSeveralLab()
  try {
    const promise = { authorization_response_iss_parameter_supported: true }
    strict.acquired.describe(right => ({ ...right, ...promise }))
    const answer = await new BrowserClient().get(`${strict.url}/.torhaus/sign-in?provider=acquired`)
    assert.equal(codeOf(answer), 'op-response-invalid')
  } finally {
    await strict.close()
  }
})

test('an OP gives nobody the account of somebody at another, in whatever letter case', async () => {
  for (const account of ['ada', 'ADA', 'zoe']) {
    lab.acquired.tell(telling(account))
    const answer = await new BrowserClient().get(at('/.torhaus/sign-in?provider=acquired'))
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'account-unmapped'], account)
  }
})

test('an account that two of them claim is nobody, at either', async () => {
  const shared = await startSeveralLab(({ providers, account }) => ({
    providers: { ...providers, acquired: { ...providers.acquired, accounts: '(x-|ada).*' } },
    account,
  }))
  try {
    for (const name of ['corp', 'acquired']) {
      shared.acquired.tell(telling('ada'))
      const answer = await new BrowserClient().get(`${shared.url}/.torhaus/sign-in?provider=${name}`)
      assert.equal(codeOf(answer), 'account-unmapped')
    }
  } finally {
    await shared.close()
  }
})

test('only the configuration says that one account is the same person at both', async () => {
  const shared = await startSeveralLab(({ providers, account }) => ({
    providers: Object.fromEntries(Object.entries(providers).map(([name, one]) => [name, { ...one, accounts: '.*' }])),
    account: { ...account, fromSeveralProviders: true },
  }))
  try {
    shared.acquired.tell(telling('ada'))
    for (const name of ['corp', 'acquired']) {
      const end = await new BrowserClient().get(`${shared.url}/.torhaus/sign-in?return_to=/&provider=${name}`)
      assert.deepEqual([end.status, shared.account()], [200, 'ada'])
    }
  } finally {
    await shared.close()
  }
})

async function tokenOf(op: LyingOp, issuer: string, account: string): Promise<Response> {
  const nowS = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: 'devops', sub: 's', preferred_username: account, acr: 'urn:torhaus:acr:mfa' }
  const times = { iat: nowS, exp: nowS + 60, auth_time: nowS }
  const token = await op.sign({ ...op.header, typ: 'at+jwt' }, { ...claims, ...times })
  return fetch(at('/'), { headers: { Authorization: `Bearer ${token}` } })
}

test('an access token is verified by the OP whose name it bears, and speaks for its accounts alone', async () => {
  const { corp, acquired } = lab
  assert.equal((await tokenOf(corp, corp.issuer, 'ada')).status, 200)
  assert.equal((await tokenOf(acquired, acquired.issuer, 'x-bob')).status, 200)
  assert.equal(lab.account(), 'x-bob')
  assert.equal(codeOf(await tokenOf(acquired, corp.issuer, 'ada')), 'bearer-signature-invalid')
  assert.equal(codeOf(await tokenOf(acquired, acquired.issuer, 'ada')), 'account-unmapped')
  assert.equal(codeOf(await tokenOf(acquired, 'https://third.example', 'ada')), 'token-unknown')
})

test('leaving leads to the OP of the session', async () => {
  for (const op of [lab.corp, lab.acquired])
    op.describe(right => ({ ...right, end_session_endpoint: `${op.issuer}/end` }))
  await lab.restart()
  const browser = new BrowserClient()
  await browser.get(at('/.torhaus/sign-in?provider=acquired'))
  const fields = { Origin: lab.url, 'Content-Length': '0' }
  const answer = await browser.send(at('/.torhaus/sign-out'), { method: 'POST', fields })
  assert.equal(askedOf(answer), lab.acquired.issuer)
})

test('a logout at one OP ends no session of another, though its people and sessions are called the same', async () => {
  const same = { sub: 'one', sid: 'one' }
  lab.corp.tell(({ sign, header, claims }) => sign(header, { ...claims, ...same }))
  lab.acquired.tell(({ sign, header, claims }) => sign(header, { ...claims, ...same, preferred_username: 'x-bob' }))
  const [ours, theirs] = [new BrowserClient(), new BrowserClient()]
  await ours.get(at('/.torhaus/sign-in?provider=corp'))
  await theirs.get(at('/.torhaus/sign-in?provider=acquired'))
  const nowS = Math.floor(Date.now() / 1000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const tell = async (signer: LyingOp, iss: string) => {
    const claims = { ...{ iss, aud: 'torhaus', events }, ...same, jti: `j-${iss}`, iat: nowS, exp: nowS + 60 }
    const token = await signer.sign({ ...signer.header, typ: 'logout+jwt' }, claims)
    const body = new URLSearchParams({ logout_token: token })
    return (await fetch(at('/.torhaus/backchannel-logout'), { method: 'POST', body })).status
  }
  assert.equal(await tell(lab.acquired, lab.corp.issuer), 400)
  assert.equal(await tell(lab.acquired, lab.acquired.issuer), 200)
  assert.equal((await ours.send(at('/'))).status, 200)
  assert.equal((await theirs.send(at('/'))).status, 302)
})

test('a session whose OP is not configured any more is over', async () => {
  const other = await startSeveralLab()
  try {
    const browser = new BrowserClient()
    await browser.get(`${other.url}/.torhaus/sign-in?provider=acquired`)
    assert.equal((await browser.send(`${other.url}/`)).status, 200)
    await other.restart(config => ({ ...config, providers: { corp: Object(config).providers.corp } }))
    assert.equal((await browser.send(`${other.url}/`)).status, 302)
  } finally {
    await other.close()
  }
})

const policyGuaranteesFactor = { reason: 'access control policy of AD FS' }
/** The OP says when somebody has signed in, and not how. */
const silent =
  (account: string): Parameters<LyingOp['tell']>[0] =>
  ({ sign, header, claims: { acr: _, ...claims } }) =>
    sign(header, { ...claims, preferred_username: account, sub: account })

test('the policy of one OP proves nothing of a sign-in at another, nor of what was confirmed with one, nor once it is said of the other', async () => {
  const policyOf = (name: string) => (config: { providers: Record<string, object>; account: object }) => ({
    ...config,
    providers: { ...config.providers, [name]: { ...config.providers[name], policyGuaranteesFactor } },
  })
  const byPolicy = await startSeveralLab(policyOf('corp'))
  try {
    byPolicy.corp.tell(silent('ada'))
    byPolicy.acquired.tell(silent('x-bob'))
    const open = (browser: BrowserClient, name: string) =>
      browser.get(`${byPolicy.url}/.torhaus/sign-in?return_to=/page&provider=${name}`)
    const refused = await open(new BrowserClient(), 'acquired')
    assert.deepEqual([refused.status, codeOf(refused)], [403, 'second-factor-missing'])
    const ada = new BrowserClient()
    const end = await open(ada, 'corp')
    assert.deepEqual([end.status, byPolicy.account()], [200, 'ada'])
    const id = end.headers.get('x-request-id')
    const record = await byPolicy.logged(
      entry => entry['http.request.id'] === id && entry['event.action'] === 'request',
    )
    assert.equal(record['torhaus.admitted_by'], 'provider-policy')
    const { corp: op } = byPolicy
    const nowS = Math.floor(Date.now() / 1000)
    const claims = { iss: op.issuer, aud: 'devops', sub: 'ada', preferred_username: 'ada', auth_time: nowS }
    const token = await op.sign({ ...op.header, typ: 'at+jwt' }, { ...claims, iat: nowS, exp: nowS + 3600 })
    const asProgram = () =>
      fetch(`${byPolicy.url}/repo/info/refs?service=git-upload-pack`, {
        headers: { Authorization: `Bearer ${token}`, 'User-Agent': 'git/2.50.1' },
      })
    await confirmAt(ada, linkIn(await (await asProgram()).text()), { name: 'ada', password: '' })
    await byPolicy.restart()
    assert.deepEqual([(await ada.send(`${byPolicy.url}/page`)).status, (await asProgram()).status], [200, 200])
    await byPolicy.restart(config => {
      const { corp, acquired } = Object(config).providers
      const { policyGuaranteesFactor: moved, ...plain } = corp
      return { ...Object(config), providers: { corp: plain, acquired: { ...acquired, policyGuaranteesFactor: moved } } }
    })
    assert.deepEqual([(await ada.send(`${byPolicy.url}/page`)).status, (await asProgram()).status], [302, 403])
    assert.equal((await open(new BrowserClient(), 'acquired')).status, 200)
  } finally {
    await byPolicy.close()
  }
})
