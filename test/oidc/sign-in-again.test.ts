import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import {
  BROWSER_COOKIE,
  codeOf,
  SESSION_COOKIE,
  type SignInLab,
  startSignInLab,
} from '../../devkit/torhaus/sign-in-lab.ts'

let lab: SignInLab
before(async () => {
  lab = await startSignInLab()
})
after(() => lab.close())

const WANTED = '/page?a=b&c=%20d'
const AGAIN = '/.torhaus/sign-in?return_to=%2Fpage%3Fa%3Db%26c%3D%2520d'

const upToCallback = async (browser: BrowserClient) => {
  const atCallback = (url: string) => url.startsWith(`${lab.url}/.torhaus/callback`)
  return new URL((await signIn(browser, lab.url + WANTED, lab.users.ada, atCallback)).url)
}

const linksOf = (text: string) =>
  [...text.matchAll(/href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

async function failing(change: (callback: URL, browser: BrowserClient) => unknown) {
  const browser = new BrowserClient()
  const callback = await upToCallback(browser)
  await change(callback, browser)
  return { answer: await browser.send(callback.href), browser }
}

const failures: Readonly<Record<string, (callback: URL, browser: BrowserClient) => unknown>> = {
  'was used': async (callback, browser) => {
    await browser.send(callback.href)
    browser.cookies.delete(SESSION_COOKIE)
  },
  'began in another browser': (_, browser) => browser.plant(BROWSER_COOKIE, 'A'.repeat(43)),
  'came without our cookie': (_, browser) => browser.cookies.delete(BROWSER_COOKIE),
  'the OP refused': callback => callback.searchParams.set('code', 'x'.repeat(43)),
  'the OP answered wrongly': callback => callback.searchParams.delete('code'),
}

for (const [what, change] of Object.entries(failures))
  test(`where the sign-in ${what}, the page has a sentence, the request id, and a new sign-in for the page wanted`, async () => {
    const { answer } = await failing(change)
    assert.ok(answer.status >= 400)
    assert.match(answer.text, /<p>[A-Z][^<]{20,}\.<\/p>/)
    assert.ok(answer.text.includes(`request ${answer.headers.get('x-request-id')}`))
    const links = linksOf(answer.text)
    assert.ok(
      links.some(link => link.startsWith(AGAIN)),
      links.join(' '),
    )
    assert.ok(!links.includes(''), 'a link to the spent callback')
  })

test('a page whose URL is too long for the state is not lost either, and begins by itself nowhere', async () => {
  const long = `/page?q=${'x'.repeat(2000)}`
  const browser = new BrowserClient()
  const atCallback = (url: string) => url.startsWith(`${lab.url}/.torhaus/callback`)
  const callback = new URL((await signIn(browser, lab.url + long, lab.users.ada, atCallback)).url)
  callback.searchParams.delete('code')
  const answer = await browser.send(callback.href)
  const [link = ''] = linksOf(answer.text)
  assert.ok(link.startsWith(`/.torhaus/sign-in?return_to=${encodeURIComponent(long)}`), link)
  assert.equal(answer.headers.get('refresh'), null)
  assert.equal((await browser.get(lab.url + link)).url, lab.url + long)
})

test('that sign-in leads to the page wanted', async () => {
  const { answer, browser } = await failing(callback => callback.searchParams.set('code', 'x'.repeat(43)))
  const link = linksOf(answer.text).find(each => each.startsWith(AGAIN)) ?? ''
  const end = await browser.get(lab.url + link)
  assert.deepEqual([end.status, end.url], [200, lab.url + WANTED])
})

test('a used callback leads whoever has a session to the page wanted', async () => {
  const browser = new BrowserClient()
  const callback = await upToCallback(browser)
  await browser.send(callback.href)
  assert.equal((await browser.send(callback.href)).headers.get('location'), WANTED)
})

test('only what would get further begins again by itself, and not for ever', async () => {
  const refreshOf = async (what: keyof typeof failures) => {
    const { answer } = await failing(failures[what] ?? assert.fail())
    return answer.headers.get('refresh')
  }
  for (const what of ['came without our cookie', 'the OP refused', 'the OP answered wrongly'])
    assert.equal(await refreshOf(what), null, what)
  const browser = new BrowserClient()
  let callback = await upToCallback(browser)
  for (let again = 1; again <= 4; again++) {
    browser.plant(BROWSER_COOKIE, 'A'.repeat(43))
    const answer = await browser.send(callback.href)
    assert.equal(codeOf(answer), 'sign-in-unknown')
    const [, url] = /^1; url=(.*)$/.exec(answer.headers.get('refresh') ?? '') ?? []
    assert.equal(url?.endsWith(`&again=${again}`), again < 4 ? true : undefined)
    if (url === undefined) return
    assert.ok(url.startsWith(AGAIN))
    browser.cookies.delete(BROWSER_COOKIE)
    const next = await browser.get(lab.url + url, each => each.includes('/callback?'))
    callback = new URL(next.url)
  }
})

test('the OP learns nothing of the page wanted, and what it is told cannot be changed', async () => {
  const browser = new BrowserClient()
  const callback = await upToCallback(browser)
  const state = callback.searchParams.get('state') ?? ''
  assert.ok(!Buffer.from(state, 'base64url').toString('latin1').includes('page'))
  await browser.send(callback.href)
  browser.cookies.delete(SESSION_COOKIE)
  callback.searchParams.set('state', `${'B'.repeat(43)}.${state.slice(state.indexOf('.') + 1)}`)
  const answer = await browser.send(callback.href)
  assert.equal(codeOf(answer), 'sign-in-unknown')
  assert.ok(linksOf(answer.text).includes('/.torhaus/sign-in'))
})
