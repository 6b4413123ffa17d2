import assert from 'node:assert/strict'
import { globalAgent } from 'node:http'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { bearer, lookupLab, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

let lab: ProxyLab
let proxy: LabProxy

before(async () => {
  // The browser goes by the proxy's name, which no resolver knows.
  Object.assign(Reflect.get(globalAgent, 'options'), { lookup: lookupLab })
  lab = await startProxyLab()
  proxy = await lab.proxy({ users: ['alice', 'bob', 'sensitive1'] })
})
after(() => lab.close())

async function signedIn(name: string, at = proxy): Promise<BrowserClient> {
  const browser = new BrowserClient()
  const user = at.users.get(name)
  assert.ok(user)
  await signIn(browser, `${at.url}/.torhaus/sign-in?return_to=/whoami`, user)
  return browser
}

const signOut = (browser: BrowserClient, at = proxy) =>
  browser.send(`${at.url}/.torhaus/sign-out`, { method: 'POST', fields: { Origin: at.url } })

test('a session of the OP arrives at Apache as the Windows account', async () => {
  const browser = await signedIn('bob')
  assert.equal((await browser.get(`${proxy.url}/whoami`)).text, seenAs('bob'))
  const record = await proxy.logged(entry => entry['event.action'] === 'request' && entry['user.name'] === 'bob')
  assert.equal(record['torhaus.admitted_by'], 'second-factor')
})

test('sign-out purges the tickets: who comes back is impersonated anew', async () => {
  const browser = await signedIn('alice')
  const impersonations = () => proxy.metric('torhaus_impersonations_total')
  const principals = () => proxy.metric('torhaus_cached_principals')
  await browser.get(`${proxy.url}/whoami`)
  const [before, kept] = [await impersonations(), await principals()]
  await browser.get(`${proxy.url}/whoami`)
  assert.equal(await impersonations(), before)

  assert.equal((await signOut(browser)).status, 303)
  assert.equal(await principals(), kept - 1)
  assert.notEqual((await browser.send(`${proxy.url}/whoami`)).status, 200)

  assert.equal((await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf('alice')) })).body, seenAs('alice'))
  assert.equal(await impersonations(), before + 1)
})

test('a session of an account that may not be delegated gets a page that says so, and can sign out', async () => {
  const browser = await signedIn('sensitive1')
  const answer = await browser.send(`${proxy.url}/whoami`)
  assert.deepEqual([answer.status, answer.headers.get('x-torhaus-error')], [403, 'delegation-refused'])
  assert.match(answer.text, /Your account may not be delegated to the server/)
  assert.equal((await signOut(browser)).status, 303)
})

test('an account that is no principal of the realm can sign out all the same', async () => {
  const foreign = await lab.proxy({
    configure: config => ({ ...config, account: { template: '{preferred_username}@elsewhere.test' } }),
  })
  const browser = await signedIn('alice', foreign)
  assert.equal((await browser.send(`${foreign.url}/whoami`)).headers.get('x-torhaus-error'), 'account-unmapped')
  assert.equal((await signOut(browser, foreign)).status, 303)
  assert.notEqual((await browser.send(`${foreign.url}/.torhaus/`)).status, 500)
})

const NAVIGATION = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0' }

test('the first ticket of a navigation opens a session; that of a program does not', async () => {
  const page = await proxy.ask('/whoami', { headers: { ...NAVIGATION, ...negotiate(await lab.token('alice')) } })
  const [cookie = ''] = page.all('set-cookie')
  assert.equal(page.body, seenAs('alice'))
  assert.match(cookie, /^torhaus=/)
  const [pair = ''] = cookie.split(';')
  assert.equal((await proxy.ask('/whoami', { headers: { cookie: pair } })).body, seenAs('alice'))

  const program = await proxy.ask('/whoami', { headers: negotiate(await lab.token('alice')) })
  assert.deepEqual([program.body, program.all('set-cookie')], [seenAs('alice'), []])
})

test('where a ticket is not enough, it opens no session and reaches no server', async () => {
  const strict = await lab.proxy({
    configure: config => ({ ...config, secondFactor: { ...config.secondFactor, rules: [] } }),
  })
  for (const [headers, status] of [
    [NAVIGATION, 302],
    [{}, 403],
  ] as const) {
    const answer = await strict.ask('/whoami', {
      headers: { ...headers, ...negotiate(await lab.token('alice')) },
    })
    assert.deepEqual([answer.status, answer.code, answer.all('set-cookie')], [status, 'second-factor-missing', []])
  }
  assert.equal(await strict.metric('torhaus_upstream_opened_connections_total'), 0)
})
