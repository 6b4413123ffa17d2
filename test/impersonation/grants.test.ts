/**
 * Second-factor grants with the real parts: git with a ticket and with a password, and a real Chromium that confirms
 * with TOTP.
 */
import assert from 'node:assert/strict'
import { globalAgent } from 'node:http'
import { after, before, test } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { curlNegotiate, gitNegotiate } from '../../devkit/realm/clients.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { type CommandResult, tryCommand } from '../../devkit/realm/run-command.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { basic, lookupLab, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

let lab: ProxyLab
let proxy: LabProxy
/** Offers git no Negotiate: with it, git would not try the password it was given. */
let basicProxy: LabProxy
let browser: Browser

const gitWantsPasswords = [{ clientClasses: ['git'], offer: ['Bearer', 'Basic'] }]

before(async () => {
  await ensureDebianPackages(['chromium', 'git'])
  Object.assign(Reflect.get(globalAgent, 'options'), { lookup: lookupLab })
  lab = await startProxyLab()
  const proxyWith = (offerRules: object[]) =>
    lab.proxy({
      configure: config => ({
        ...config,
        listener: { ...config.listener, trustedProxies: ['127.0.0.1'] },
        secondFactor: { ...config.secondFactor, rules: [] },
        credentials: { ...config.credentials, offerRules },
      }),
    })
  proxy = await proxyWith([])
  basicProxy = await proxyWith(gitWantsPasswords)
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP ${PROXY_NAME} 127.0.0.1`],
  })
})
after(async () => {
  await browser.close()
  await lab.close()
})

function linkIn(text: string): string {
  const link = /https?:\/\/\S+\/\.torhaus\/confirm\/[A-Z2-7]{4}-[A-Z2-7]{4}/.exec(text)?.[0]
  assert.ok(link, `no link in ${text}`)
  return link
}

async function fetchByTicket(from = '192.0.2.1'): Promise<CommandResult> {
  const args = ['-c', `http.extraHeader=X-Forwarded-For: ${from}`, 'ls-remote', `${proxy.url}/git/demo.git`]
  return gitNegotiate(await lab.client('alice'), args, { resolve: [proxy.resolve] })
}

function fetchByPassword(user: string): Promise<CommandResult> {
  const remote = `${basicProxy.url.replace('//', `//${user}:${lab.kdc.passwordOf(user)}@`)}/git/demo.git`
  const env = { PATH: process.env.PATH, HOME: lab.kdc.directory, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' }
  return tryCommand('git', ['-c', `http.curloptResolve=${basicProxy.resolve}`, 'ls-remote', remote], { env })
}

/** A person at Chromium, who signs in with password and TOTP and presses the button; what the last page says. */
async function confirmInChromium(link: string, at: LabProxy, name: string): Promise<string> {
  const context = await browser.newContext()
  try {
    const user = at.users.get(name)
    assert.ok(user)
    const page = await context.newPage()
    await page.goto(link)
    await signInAs(page, user)
    await page.waitForURL(url => url.pathname.startsWith('/.torhaus/'))
    const button = page.getByRole('button', { name: 'Confirm' })
    if ((await button.count()) > 0) {
      await button.click()
      await signInAs(page, user)
      await page.getByRole('heading', { name: 'Confirmed' }).waitFor()
    }
    return await page.locator('main').innerText()
  } finally {
    await context.close()
  }
}

test('git with a ticket shows the link, and passes once the person has confirmed in Chromium with TOTP', async () => {
  const refused = await fetchByTicket()
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr, /^remote: .*confirm/m)
  assert.match(await confirmInChromium(linkIn(refused.stderr), proxy, 'alice'), /Run the command again/)
  const passed = await fetchByTicket()
  assert.equal(passed.code, 0, passed.stderr)
  assert.match(passed.stdout, /refs\/heads\/main/)
  const record = await proxy.logged(entry => entry['torhaus.admitted_by'] === 'grant')
  assert.deepEqual([record['user.name'], record['torhaus.scheme']], ['alice', 'negotiate'])
})

test('from another network, or as another kind of client, the same ticket does not pass', async () => {
  assert.notEqual((await fetchByTicket('198.51.100.1')).code, 0)
  const args = ['--header', 'X-Forwarded-For: 192.0.2.1']
  const curl = await curlNegotiate(await lab.client('alice'), `${proxy.url}/whoami`, { resolve: [proxy.resolve], args })
  assert.equal(curl.status, 403)
  linkIn(JSON.parse(curl.body).confirmUrl)
})

test("git with a directory password: bob's browser cannot confirm what alice's git asks; alice's can", async () => {
  const refused = await fetchByPassword('alice')
  assert.notEqual(refused.code, 0)
  const link = linkIn(refused.stderr)
  assert.match(await confirmInChromium(link, basicProxy, 'bob'), /another account/)
  assert.notEqual((await fetchByPassword('alice')).code, 0)
  const record = await basicProxy.logged(entry => entry['event.action'] === 'confirmation-refused')
  assert.deepEqual([record['user.name'], record['torhaus.other_account']], ['bob', 'alice@CORP.TEST'])

  assert.match(await confirmInChromium(link, basicProxy, 'alice'), /Run the command again/)
  const passed = await fetchByPassword('alice')
  assert.equal(passed.code, 0, passed.stderr)
  assert.notEqual((await fetchByPassword('bob')).code, 0)
})

async function cookieOf(name: string): Promise<{ readonly cookie: string }> {
  const user = proxy.users.get(name)
  assert.ok(user)
  const person = new BrowserClient()
  await signIn(person, `${proxy.url}/.torhaus/sign-in?return_to=/.torhaus/`, user)
  return { cookie: `torhaus=${person.cookies.get('torhaus')?.value}` }
}

test("alice's session with bob's ticket or password is refused, counted, and in the audit log", async () => {
  const session = await cookieOf('alice')
  const credentials = [negotiate(await lab.token('bob')), basic('bob', lab.kdc.passwordOf('bob'))]
  for (const headers of credentials) {
    const { status, code } = await proxy.ask('/whoami', { headers: { ...session, ...headers } })
    assert.deepEqual([status, code], [403, 'account-mismatch'])
  }
  const record = await proxy.logged(entry => entry['event.action'] === 'account-mismatch')
  assert.deepEqual([record['user.name'], record['torhaus.other_account']], ['bob', 'alice'])
  assert.equal(await proxy.metric('torhaus_binding_mismatches_total'), 2)
})

test("alice's session with alice's ticket or password counts as her second factor, unless another site sent it", async () => {
  const session = await cookieOf('alice')
  for (const credentials of [
    () => lab.token('alice').then(negotiate),
    async () => basic('CORP\\Alice', lab.kdc.passwordOf('alice')),
  ]) {
    const answer = await proxy.ask('/whoami', { headers: { ...session, ...(await credentials()) } })
    assert.equal(answer.body, seenAs('alice'))
    const headers = { ...session, ...(await credentials()), origin: 'https://evil.example' }
    assert.equal((await proxy.ask('/whoami', { method: 'POST', headers })).code, 'cross-site-request')
  }
})
