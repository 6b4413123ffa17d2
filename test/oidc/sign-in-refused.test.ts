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

const atCallback = (url: string) => url.startsWith(`${lab.url}/.torhaus/callback`)

/** A sign-in up to the callback, which has not been opened yet. */
async function upToCallback(browser: BrowserClient): Promise<URL> {
  const { url } = await signIn(browser, `${lab.url}/page`, lab.users.ada, atCallback)
  return new URL(url)
}

async function assertRefused(browser: BrowserClient, url: URL, status: number, code: string): Promise<void> {
  const seen = lab.origin.requests.length
  const answer = await browser.send(url.href)
  assert.deepEqual([answer.status, codeOf(answer)], [status, code])
  assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
  assert.equal((await browser.send(`${lab.url}/page`)).status, 302)
  assert.equal(lab.origin.requests.length, seen)
}

test('without a second factor the answer is a page with 403, and no session', async () => {
  const browser = new BrowserClient()
  const end = await signIn(browser, `${lab.url}/page`, lab.users.carol)
  assert.deepEqual([end.status, codeOf(end)], [403, 'second-factor-missing'])
  assert.match(end.headers.get('content-type') ?? '', /^text\/html/)
  assert.match(end.text, /second factor/)
  assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
})

test('a callback works once: the second time the sign-in is not under way any more', async () => {
  const browser = new BrowserClient()
  const callback = await upToCallback(browser)
  assert.equal((await browser.send(callback.href)).status, 303)
  browser.cookies.delete(SESSION_COOKIE)
  await assertRefused(browser, callback, 400, 'sign-in-unknown')
})

test('a callback opened in another browser is refused, and is used up by that', async () => {
  const browser = new BrowserClient()
  const callback = await upToCallback(browser)
  await assertRefused(new BrowserClient(), callback, 400, 'sign-in-unknown')
  await assertRefused(browser, callback, 400, 'sign-in-unknown')
})

test('a browser with another sign-in of its own cannot finish the sign-in of somebody else', async () => {
  const [victim, attacker] = [new BrowserClient(), new BrowserClient()]
  await victim.send(`${lab.url}/.torhaus/sign-in`)
  await assertRefused(victim, await upToCallback(attacker), 400, 'sign-in-unknown')
})

const mangled: Readonly<Record<string, [change: (query: URLSearchParams) => void, status: number, code: string]>> = {
  'a state that was never given out': [query => query.set('state', 'A'.repeat(43)), 400, 'sign-in-unknown'],
  'an empty state': [query => query.set('state', ''), 400, 'sign-in-unknown'],
  'no state': [query => query.delete('state'), 400, 'sign-in-unknown'],
  'a state given twice': [query => query.append('state', query.get('state') ?? ''), 400, 'sign-in-unknown'],
  'a code that the OP never gave': [query => query.set('code', 'x'.repeat(43)), 403, 'sign-in-refused'],
  'a code given twice': [query => query.append('code', query.get('code') ?? ''), 502, 'op-response-invalid'],
  'no code': [query => query.delete('code'), 502, 'op-response-invalid'],
}

for (const [what, [change, status, code]] of Object.entries(mangled)) {
  test(`${what} in the callback is refused as ${code}`, async () => {
    const browser = new BrowserClient()
    const callback = await upToCallback(browser)
    change(callback.searchParams)
    await assertRefused(browser, callback, status, code)
  })
}

test('a code is bound to the sign-in it was made for: swapped with that of another tab it is refused', async () => {
  const browser = new BrowserClient()
  const [one, other] = [await upToCallback(browser), await upToCallback(browser)]
  one.searchParams.set('code', other.searchParams.get('code') ?? '')
  await assertRefused(browser, one, 403, 'sign-in-refused')
})

test('without cookies the sign-in ends on a page, not in a loop', async () => {
  const browser = new BrowserClient()
  const callback = await upToCallback(browser)
  browser.cookies.delete(BROWSER_COOKIE)
  const answer = await browser.send(callback.href)
  assert.deepEqual([answer.status, codeOf(answer)], [400, 'sign-in-unknown'])
  assert.match(answer.text, /cookies/i)
})

test('a sign-in that took longer than allowed is refused', async () => {
  const clock = { nowMs: Date.now() }
  const slow = await startSignInLab({ now: () => clock.nowMs })
  try {
    const browser = new BrowserClient()
    const { url } = await signIn(browser, `${slow.url}/`, slow.users.ada, each => each.includes('/callback?'))
    clock.nowMs += 901_000
    const answer = await browser.send(url)
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'sign-in-unknown'])
  } finally {
    await slow.close()
  }
})
