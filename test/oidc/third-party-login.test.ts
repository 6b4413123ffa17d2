/** Sign-ins that another site begins (OIDC Core 4): it says where and who, and gains nothing by it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Answer, BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf, SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { type SeveralLab, startSeveralLab } from '../profiles/several-lab.ts'

let lab: SeveralLab
before(async () => {
  lab = await startSeveralLab()
})
beforeEach(() => lab.acquired.welcome('x-bob'))
after(() => lab?.close())

const link = (parameters: Readonly<Record<string, string>> | [string, string][]) =>
  `${lab.url}/.torhaus/sign-in?${new URLSearchParams(parameters)}`
const askedOf = (start: Answer) => new URL(start.headers.get('location') ?? 'http://nowhere').origin
const arrivedAt = async (parameters: Readonly<Record<string, string>>) => {
  const { status, url } = await new BrowserClient().get(link({ iss: lab.acquired.issuer, ...parameters }))
  assert.equal(status, 200)
  return url.replace(lab.url, '')
}

test('iss says at which OP, whatever the hint and the browser say', async () => {
  const browser = new BrowserClient()
  for (const { issuer } of [lab.corp, lab.acquired]) {
    await browser.get(link({ provider: 'corp' }))
    browser.cookies.delete(SESSION_COOKIE)
    const start = await browser.send(link({ iss: issuer, login_hint: 'ada@corp.example' }))
    assert.equal(askedOf(start), issuer)
  }
})

test('an issuer that is none of ours, to the letter, or two of them, are refused', async () => {
  const { issuer } = lab.corp
  for (const wrong of [`${issuer}/`, issuer.toUpperCase(), 'https://evil.example', '']) {
    const answer = await new BrowserClient().send(link({ iss: wrong }))
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'sign-in-issuer-unknown'], wrong)
  }
  const both: [string, string][] = [
    ['iss', issuer],
    ['iss', lab.acquired.issuer],
  ]
  assert.equal(codeOf(await new BrowserClient().send(link(both))), 'sign-in-issuer-unknown')
})

test('the OP is told the hint, where it is one', async () => {
  const told = async (hint: string) => {
    const { issuer } = lab.corp
    const start = await new BrowserClient().send(link({ iss: issuer, login_hint: hint }))
    if (start.headers.get('location') === null)
      console.log(JSON.stringify(hint), start.status, start.text.slice(0, 500), start.url)
    return new URL(start.headers.get('location') ?? '').searchParams.get('login_hint')
  }
  assert.equal(await told('ada@corp.example'), 'ada@corp.example')
  assert.equal(await told('Zoë & co'), 'Zoë & co')
  for (const junk of ['', 'a\nb', 'x'.repeat(257)]) assert.equal(await told(junk), null)
})

test('a target at the server is where people arrive, as it is written', async () => {
  for (const path of ['/wiki/p%20a?b=%2f&c', '/', '/a//b'])
    assert.equal(await arrivedAt({ target_link_uri: lab.url + path }), path)
  assert.equal(await arrivedAt({ target_link_uri: `${lab.url}/theirs`, return_to: '/ours' }), '/ours')
})

test('a target anywhere else is the start page', async () => {
  const { host, port } = new URL(lab.url)
  for (const elsewhere of [
    ...['https://evil.example/', `https://${host}/x`, `http://127.0.0.2:${port}/x`, `http://127.0.0.1:${port}1/x`],
    ...[`http://${host}@evil.example/x`, `http://evil.example/${lab.url}/x`, '//evil.example/x', '/\\evil.example'],
    ...[`${lab.url}//evil.example/x`, `${lab.url}/\\evil.example`, `${lab.url}\\@evil.example/x`],
    ...[`http:/\\${host}/x`, 'javascript:alert(1)', 'data:text/html,x', lab.url, `${lab.url}.evil.example/x`],
  ])
    assert.equal(await arrivedAt({ target_link_uri: elsewhere }), '/', elsewhere)
})

test('whoever is signed in stays who they are, and goes where it leads', async () => {
  const browser = new BrowserClient()
  await browser.get(link({ iss: lab.acquired.issuer }))
  const session = browser.cookies.get(SESSION_COOKIE)?.value
  const end = await browser.get(
    link({ iss: lab.corp.issuer, login_hint: 'ada@corp.example', target_link_uri: `${lab.url}/page` }),
  )
  assert.deepEqual([end.url, lab.account()], [`${lab.url}/page`, 'x-bob'])
  assert.equal(browser.cookies.get(SESSION_COOKIE)?.value, session)
})

test('a form of another site is as good as a link, and keeps who is signed in', async () => {
  const form = { iss: lab.acquired.issuer, login_hint: 'bob', target_link_uri: `${lab.url}/page`, return_to: '/x' }
  const browser = new BrowserClient()
  const end = await browser.post(link({}), form)
  assert.deepEqual([end.status, end.url, lab.account()], [200, `${lab.url}/page`, 'x-bob'])
  assert.equal(lab.acquired.asked.get('login_hint'), 'bob')
  const { codes } = lab.acquired.requests
  assert.equal((await browser.post(link({}), form)).url, `${lab.url}/page`)
  assert.equal(lab.acquired.requests.codes, codes)
  const fields = { 'Content-Type': 'text/plain', 'Content-Length': '1' }
  const junk = await browser.send(link({}), { method: 'POST', fields, content: 'x' })
  assert.deepEqual([junk.status, codeOf(junk)], [400, 'sign-in-malformed'])
})

test('a script and a frame begin none', async () => {
  for (const fields of [{ 'Sec-Fetch-Mode': 'cors' }, { 'Sec-Fetch-Dest': 'iframe' }]) {
    const answer = await new BrowserClient().send(link({ iss: lab.corp.issuer }), { fields })
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'own-page-navigation-only'])
  }
})

test('with a host of our own it may begin at either, and ends at the server', async () => {
  const own = await startSeveralLab(undefined, { ownHost: true })
  try {
    const { port } = new URL(own.url)
    for (const host of [own.url, `http://localhost:${port}`]) {
      const query = { iss: own.acquired.issuer, login_hint: 'bob', target_link_uri: `${own.url}/page?a=b` }
      const begun = `${host}/.torhaus/sign-in`
      const end = await new BrowserClient().get(`${begun}?${new URLSearchParams(query)}`)
      assert.deepEqual([end.status, end.url], [200, `${own.url}/page?a=b`], host)
      assert.equal(own.acquired.asked.get('login_hint'), 'bob')
      assert.equal((await new BrowserClient().post(begun, query)).url, `${own.url}/page?a=b`)
    }
  } finally {
    await own.close()
  }
})
