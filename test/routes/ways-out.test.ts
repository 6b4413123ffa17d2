/** Pages of refusals lead somewhere: what was sent is not lost, and no button goes round in circles. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { plainPages } from '../../devkit/torhaus/plain-pages.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import type { Code } from '../../src/errors.ts'
import type { PartialExchange } from '../../src/exchange.ts'
import { errorPage } from '../../src/refusal/error-page.ts'
import { html } from '../../src/refusal/html.ts'

const MAX_AGE_S = 60
let offsetMs = 0
let op: LyingOp
let lab: SignInLab
let browser: BrowserClient
before(async () => {
  op = await startLyingOp()
  const admin = { name: 'admin', when: { path: '/admin/.*', methods: ['POST'] }, require: 'second-factor' }
  const secondFactor = { rules: [{ ...admin, maxAgeSeconds: MAX_AGE_S }], lastingRights: { maxAgeSeconds: MAX_AGE_S } }
  lab = await startSignInLab({
    ...{ issuer: op.issuer, now: () => Date.now() + offsetMs },
    configure: config => ({
      ...config,
      secondFactor: { ...config.secondFactor, ...secondFactor } as typeof config.secondFactor,
    }),
  })
})
beforeEach(async () => {
  offsetMs = 0
  browser = new BrowserClient()
  assert.equal((await browser.get(`${lab.url}/page`)).status, 200)
})
after(async () => {
  await lab?.close()
  await op?.close()
})

const send = (path: string, content = 'work=of-an-hour') =>
  browser.send(lab.url + path, {
    ...{ method: 'POST', content },
    fields: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: lab.url, 'Sec-Fetch-Site': 'same-origin' },
  })

const linksOf = (text: string) =>
  [...text.matchAll(/<a class="[^"]*" href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

for (const [what, path, content] of [
  ['a rule wants a fresher second factor for it', '/admin/x', undefined],
  ['it makes a token', '/_apis/tokens/pats', 'displayName=ci'],
] as const)
  test(`a form is not lost where ${what}: a new tab leads to the OP, and the form passes when it is sent again`, async () => {
    offsetMs = (MAX_AGE_S + 5) * 1000
    const refused = await send(path, content)
    assert.deepEqual([refused.status, codeOf(refused)], [403, 'second-factor-stale'])
    assert.match(refused.text, /is not lost/)
    assert.match(refused.text, /target="_blank"/)
    const [newTab = ''] = linksOf(refused.text)
    op.tell(({ sign, header, claims }) => sign(header, { ...claims, auth_time: Number(claims.iat) + offsetMs / 1000 }))
    const id = browser.cookies.get(SESSION_COOKIE)?.value
    const end = await browser.get(lab.url + newTab)
    op.tell()
    assert.match(end.text, /You are signed in/)
    assert.notEqual(browser.cookies.get(SESSION_COOKIE)?.value, id)
    assert.equal((await send(path, content)).status, 200)
  })

test('a form of our own, which no other session can send, leads back to its page', async () => {
  const page = await browser.get(`${lab.url}/.torhaus/`)
  const [, action = ''] = /<form method="post" action="([^"]*)"/.exec(page.text) ?? []
  for (const [path, back] of [
    [action, '/.torhaus/'],
    ['/.torhaus/confirm/ABCD-EFGH', '/.torhaus/confirm/ABCD-EFGH'],
    ['/.torhaus/disown/ABCD-EFGH', '/.torhaus/confirm/ABCD-EFGH'],
  ] as const) {
    browser.cookies.delete(SESSION_COOKIE)
    const ended = await send(path)
    assert.equal(codeOf(ended), 'session-ended')
    assert.doesNotMatch(ended.text, /is not lost/)
    assert.deepEqual(linksOf(ended.text), [`/.torhaus/sign-in?return_to=${encodeURIComponent(back)}`])
  }
})

test('a form of our own that was sent before leads to the page it is on', async () => {
  const sent = await send('/.torhaus/sign-out-everywhere', 'token=x')
  assert.equal(codeOf(sent), 'form-token-invalid')
  assert.match(sent.text, /<h1>Please open the page again<\/h1>/)
  assert.deepEqual(linksOf(sent.text), ['/.torhaus/', '/'])
})

test('no page offers a sign-in to whoever would only come back from it', () => {
  const paper = plainPages().in('en')
  const request = { request: { method: 'GET', headers: {} } } as unknown as PartialExchange
  const inSession = { ...request, credentials: { scheme: 'session' } } as unknown as PartialExchange
  const wanted = {
    ...request,
    isNavigation: true,
    target: { raw: '/page?a=b', path: '/page' },
  } as unknown as PartialExchange
  const linksFor = (known: PartialExchange, code: Code) =>
    linksOf(errorPage(paper, known, code, { link: undefined, signIn: undefined, home: '/' }).content.text)
  assert.deepEqual(linksFor(inSession, 'rule-refuses'), ['/.torhaus/sign-out', '/'])
  assert.deepEqual(linksFor(request, 'account-unmapped'), ['/.torhaus/sign-in', '/.torhaus/sign-out'])
  assert.deepEqual(linksFor(request, 'own-page-navigation-only'), ['/'])
  assert.deepEqual(linksFor(request, 'sign-in-other-provider'), ['/.torhaus/sign-in'])
  const ways = { link: undefined, signIn: undefined, home: '/' }
  const titleOf = (code: Code) => html`${errorPage(paper, request, code, ways).title}`.text
  assert.equal(titleOf('sign-in-other-provider'), 'Sign-in not completed')
  assert.equal(titleOf('sign-in-overtaken'), 'You were not signed in')
  // Asked for a ticket, and without one.
  assert.deepEqual(linksFor(wanted, 'credentials-missing'), ['/.torhaus/sign-in?return_to=%2Fpage%3Fa%3Db'])
  const shown = {
    ...wanted,
    request: { method: 'GET', headers: { authorization: 'Bearer x' } },
  } as unknown as PartialExchange
  assert.deepEqual(linksFor(shown, 'token-unknown'), ['/.torhaus/sign-in'], 'the URL may have a secret, too')
})

test('a page that answers a form with 5xx says that reloading sends it again, and no other page does', () => {
  const asked = (method: string) => ({ request: { method, headers: {} } }) as unknown as PartialExchange
  const ways = { link: undefined, signIn: undefined, home: '/' }
  const says = (language: string, method: string, code: Code) =>
    /sends what you just sent once more|wird noch einmal gesendet/.test(
      errorPage(plainPages().in(language), asked(method), code, ways).content.text,
    )
  for (const language of ['en', 'de']) {
    for (const code of [
      'upstream-headers-timeout',
      'upstream-closed',
      'internal-error',
      'store-unavailable',
    ] as const) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
        assert.ok(says(language, method, code), `${method} ${code}`)
      for (const method of ['GET', 'HEAD']) assert.ok(!says(language, method, code), `${method} ${code}`)
    }
    for (const code of ['rule-refuses', 'rate-limited', 'form-token-invalid'] as const)
      assert.ok(!says(language, 'POST', code), code)
  }
})

test('so it is with the server away, and of a page that was only asked for it says nothing', async () => {
  // The last of the tests: the next would find no server.
  await lab.origin.close()
  const refused = await send('/page')
  assert.deepEqual([refused.status, /may be done twice/.test(refused.text)], [502, true])
  assert.doesNotMatch((await browser.send(`${lab.url}/page`)).text, /may be done twice/)
})
