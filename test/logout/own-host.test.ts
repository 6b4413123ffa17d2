/** With a host of our own for our pages, there are two cookies of one session: what ends it, ends both. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { type GrantsLab, startGrantsLab } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'
import { endSessions } from './end-sessions-program.ts'
import { type LogoutLab, startLogoutLab } from './logout-lab.ts'

/** Of a session that was read: by default 1000 ms. */
const CACHE_S = 1
let lab: GrantsLab
let logouts: LogoutLab
let [url, pagesUrl] = ['', '']
before(async () => {
  lab = await startGrantsLab({}, {}, 'turned', true)
  logouts = await startLogoutLab({ ownHost: true })
  ;({ url, pagesUrl } = lab.fixture)
})
after(async () => {
  await logouts?.close()
  await lab?.close()
})

const isDead = async (person: Pick<Person, 'send'>, at = { url, pagesUrl }) => {
  const [main, own] = [await person.send(`${at.url}/page`), await person.send(`${at.pagesUrl}/.torhaus/`)]
  return [main.status, own.status]
}
/** Both lead to the sign-in. */
const DEAD = [302, 303]
const ALIVE = [200, 200]

/** On the page that asks, the button; follows up to the OP. */
async function pressSignOut(person: Person, from = `${pagesUrl}/.torhaus/sign-out`): Promise<string[]> {
  const page = await person.get(from)
  const [, action = ''] = /action="([^"]*)"/.exec(page.text) ?? []
  assert.match(action, /^\/\.torhaus\/sign-out\?for=/)
  const passed: string[] = []
  await person.post(new URL(action, page.url).href, {}, next => {
    passed.push(next)
    return !next.startsWith(url)
  })
  return passed
}

test('signing out ends the session at both hosts, and goes on to the OP past the host of the server', async () => {
  const person = await lab.person()
  const cookies = new Map(person.cookies)
  assert.deepEqual(await isDead(person), ALIVE)
  const passed = await pressSignOut(person)
  assert.match(passed[0] ?? '', new RegExp(`^${url}/\\.torhaus/signed-out\\?code=[\\w-]{43}$`))
  assert.ok(passed[1]?.startsWith(lab.fixture.op.issuer), passed.join(' '))
  const atOp = new URL(passed[1] ?? '').searchParams
  assert.equal(atOp.get('post_logout_redirect_uri'), `${pagesUrl}/.torhaus/signed-out`)
  assert.match(atOp.get('id_token_hint') ?? '', /^ey/)
  for (const name of ['torhaus', 'torhaus-own']) assert.equal(person.cookies.get(name), undefined)
  // Whoever kept them has nothing.
  for (const [name, { value }] of cookies) person.cookies.set(name, { value, path: '/' })
  assert.deepEqual(await isDead(person), DEAD)
})

test('on the way, the browser forgets what it kept of both hosts, and the code is good once', async () => {
  const person = await lab.person()
  const page = await person.get(`${url}/.torhaus/sign-out`)
  const [, action = ''] = /action="([^"]*)"/.exec(page.text) ?? []
  const own = await person.send(new URL(action, page.url).href, { method: 'POST', origin: pagesUrl })
  const there = own.headers.get('location') ?? ''
  const first = await person.send(there)
  for (const { headers } of [own, first]) assert.equal(headers.get('clear-site-data'), '"cache"')
  assert.ok(first.headers.get('location')?.startsWith(lab.fixture.op.issuer))
  assert.equal((await person.send(there)).headers.get('location'), `${pagesUrl}/.torhaus/signed-out`)
})

test('a session that the host of the server alone has is signed out as well', async () => {
  const person = await lab.person()
  person.cookies.delete('torhaus-own')
  assert.equal((await person.send(`${url}/page`)).status, 200)
  const kept = person.cookies.get('torhaus')?.value ?? ''
  const passed = await pressSignOut(person, `${url}/.torhaus/sign-out`)
  assert.ok(passed[1]?.startsWith(lab.fixture.op.issuer))
  person.cookies.set('torhaus', { value: kept, path: '/' })
  assert.deepEqual(await isDead(person), DEAD)
})

test('a link to the end of the sign-out signs nobody out', async () => {
  const person = await lab.person()
  const other = await lab.person()
  const page = await other.get(`${pagesUrl}/.torhaus/sign-out`)
  const [, action = ''] = /action="([^"]*)"/.exec(page.text) ?? []
  const answer = await other.send(new URL(action, page.url).href, { method: 'POST', origin: pagesUrl })
  for (const link of [`${url}/.torhaus/signed-out`, answer.headers.get('location') ?? '', page.url])
    await person.send(link)
  assert.deepEqual(await isDead(person), ALIVE)
})

test('signing out everywhere ends all sessions at both hosts, and clears both', async () => {
  const [person, other] = [await lab.person(), await lab.person()]
  const path = '/.torhaus/sign-out-everywhere'
  const form = formTo((await person.get(`${pagesUrl}/.torhaus/`)).text, path)
  assert.ok(form)
  const own = await person.send(pagesUrl + path, { method: 'POST', origin: pagesUrl, form })
  assert.equal(own.headers.get('location'), `${url}/.torhaus/signed-out`)
  const there = await person.send(`${url}/.torhaus/signed-out`)
  for (const { headers } of [own, there]) assert.equal(headers.get('clear-site-data'), '"cache"')
  assert.equal(there.headers.get('location'), `${pagesUrl}/.torhaus/signed-out`)
  assert.equal(person.cookies.get('torhaus'), undefined)
  for (const one of [person, other]) assert.deepEqual(await isDead(one), DEAD)
})

test('what the personal page or an operator ends, is ended at both hosts', async () => {
  const [person, other] = [await lab.person(), await lab.person()]
  const account = await person.get(`${pagesUrl}/.torhaus/`)
  const [, path = ''] = /action="(\/\.torhaus\/sessions\/[^"]+)"/.exec(account.text) ?? []
  await person.press(`${pagesUrl}/.torhaus/`, path)
  assert.deepEqual([await isDead(person), await isDead(other)], [ALIVE, DEAD])
  const { code } = await endSessions('--config', lab.fixture.configFile, '--account', 'ada')
  assert.equal(code, 0)
  lab.turnClock(CACHE_S)
  assert.deepEqual(await isDead(person), DEAD)
})

test('a logout of the OP, told to either host, ends the session at both', async () => {
  for (const told of [logouts.url, logouts.pagesUrl]) {
    const browser = await logouts.open({ sub: 'ada', sid: told })
    assert.equal((await browser.get(`${logouts.pagesUrl}/.torhaus/`)).status, 200)
    const content = `logout_token=${await logouts.token({ sid: told })}`
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    await fetch(`${told}/.torhaus/backchannel-logout`, { method: 'POST', headers, body: content })
    assert.deepEqual(await isDead(browser, logouts), DEAD)
  }
})
