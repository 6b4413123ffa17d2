/** With `ownPages.publicUrl` our pages have a host of their own: what is at which of both, and for whom. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { GIT, type GrantsLab, linkIn, startGrantsLab, VISUAL_STUDIO } from '../grants/grants-lab.ts'

const SCRIPT = ['Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty', 'Sec-Fetch-Site: same-origin']
const HANDSHAKE = [
  ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
/** With a page for each: windows, forms, files. */
const PAGES = [
  ...['', 'git', 'confirm/ABCD-EFGH', 'confirmed', 'callback?code=x&state=y', 'arrived?to=%2Fx'],
  'torhaus-credential.mjs',
]
const FORMS = ['sign-out', 'sign-out-everywhere', 'confirm/ABCD-EFGH', 'sessions/x', 'pats/allow/x', 'grants/x']

let lab: GrantsLab
let [url, pagesUrl, ownHost] = ['', '', '']
before(async () => {
  lab = await startGrantsLab({}, { credentials: { patAccountField: 'X-VSS-UserData' } }, 'turned', true)
  ;({ url, pagesUrl } = lab.fixture)
  ownHost = `Host: localhost:${lab.fixture.port}`
})
after(() => lab.close())

/** One exchange with a Host of the test's own. */
async function askAs(host: string, line: string, fields: readonly string[] = [], content = '') {
  const connection = await lab.connect()
  connection.send(requestText(line, [host, ...fields], content))
  const response = await connection.response({ toHead: line.startsWith('HEAD ') })
  connection.close()
  return response
}

test('the host of the server leads visits to our own host, query and all', async () => {
  for (const page of PAGES) {
    const answer = await lab.ask(`GET /.torhaus/${page}`, ['Accept: text/html'])
    assert.deepEqual([answer.status, answer.one('Location')], [303, `${pagesUrl}/.torhaus/${page}`], page)
  }
})

test('at the host of the server no script sees a page of ours, and no form is taken', async () => {
  const person = await lab.person()
  const cookie = `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
  for (const page of [...PAGES.slice(0, -1), 'sign-in', 'sign-out', 'signed-out', 'handed-over?code=x'])
    assert.equal(
      (await lab.ask(`GET /.torhaus/${page}`, [cookie, ...SCRIPT])).one('X-Torhaus-Error'),
      'own-page-navigation-only',
      page,
    )
  const form = [cookie, `Origin: ${url}`, 'Content-Type: application/x-www-form-urlencoded']
  for (const page of FORMS) {
    const answer = await lab.ask(`POST /.torhaus/${page}`, form, 'token=x')
    assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [404, 'not-found'], page)
  }
  assert.equal((await person.get(`${url}/page`)).status, 200, 'nobody was signed out')
})

test('at our own host nothing is forwarded, whoever asks for whatever', async () => {
  const person = await lab.person()
  const sessions = Array.from(person.cookies, ([name, { value }]) => `${name}=${value}`).join('; ')
  const reached = lab.origin.requests.length
  const { port } = lab.fixture
  const lines = ['GET /', 'GET /page', 'POST /tfs/_apis/x', 'OPTIONS *', `GET http://localhost:${port}/page`, 'HEAD /x']
  for (const credentials of [patField, lab.bearerField, `Cookie: ${sessions}`])
    for (const line of lines) {
      const answer = await askAs(ownHost, line, [credentials])
      assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [404, 'own-host-not-found'], line)
    }
  for (const host of ['Host: localhost', `Host: LocalHost:${port}`, 'Host: localhost:1'])
    assert.equal((await askAs(host, 'GET /page', [patField])).one('X-Torhaus-Error'), 'own-host-not-found', host)
  const handshake = await askAs(ownHost, 'GET /socket', [patField, ...HANDSHAKE])
  assert.equal(handshake.one('X-Torhaus-Error'), 'own-host-not-found')
  assert.equal((await askAs(ownHost, 'GET /x/..%2f.torhaus/', [patField])).status, 400)
  assert.equal((await askAs(`Host: localhost.:${port}`, 'GET /page', [patField])).status, 421)
  assert.equal(lab.origin.requests.length, reached)
})

test('no service worker comes from our own host', async () => {
  const worker = ['Service-Worker: script', 'Sec-Fetch-Dest: serviceworker', 'Sec-Fetch-Mode: same-origin']
  for (const path of ['/sw.js', '/.torhaus/sw.js', '/.torhaus/torhaus-credential.mjs'])
    assert.equal((await askAs(ownHost, `GET ${path}`, worker)).one('X-Torhaus-Error'), 'service-worker-refused', path)
  assert.equal((await askAs(ownHost, 'GET /wiki/sw.js', worker)).status, 404)
})

test('what other servers ask for is at both hosts: keys, and logouts of the OP', async () => {
  const form = ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 14']
  for (const host of [lab.host, ownHost]) {
    assert.equal((await askAs(host, 'GET /.torhaus/jwks.json')).status, 200)
    const logout = await askAs(host, 'POST /.torhaus/backchannel-logout', form, 'logout_token=x')
    assert.equal(logout.one('X-Torhaus-Error'), 'logout-token-invalid')
  }
})

test('neither cookie is worth anything at the other host', async () => {
  const person = await lab.person()
  const [main, own] = ['torhaus', 'torhaus-own'].map(name => person.cookies.get(name)?.value ?? '')
  assert.notEqual(main, own)
  const visit = ['Accept: text/html', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document']
  const at = async (host: string, path: string, cookie: string) =>
    (await askAs(host, `GET ${path}`, [`Cookie: ${cookie}`, ...visit])).status
  assert.equal(await at(ownHost, '/.torhaus/', `torhaus-own=${own}`), 200)
  for (const cookie of [`torhaus=${main}`, `torhaus-own=${main}`, `torhaus=${own}`])
    assert.equal(await at(ownHost, '/.torhaus/', cookie), 303, cookie)
  assert.equal(await at(lab.host, '/page', `torhaus=${main}`), 200)
  for (const cookie of [`torhaus-own=${own}`, `torhaus=${own}`, `torhaus-own=${main}`])
    assert.equal(await at(lab.host, '/page', cookie), 302, cookie)
})

test('what a client without a browser reads leads to our own host', async () => {
  const git = await lab.asProgram({ agent: GIT })
  assert.ok(linkIn(git.text).startsWith(`${pagesUrl}/.torhaus/confirm/`), git.text)
  const studio = await lab.asProgram({ agent: VISUAL_STUDIO, from: '192.0.2.8' })
  assert.ok(linkIn(decodeURIComponent(studio.one('X-TFS-ServiceError') ?? '')).startsWith(pagesUrl))
  const rest = await lab.asProgram({ agent: 'curl/8.14.1', from: '192.0.2.9', line: 'GET /_apis/projects' })
  assert.ok(linkIn(rest.text).startsWith(pagesUrl))
  const wrong = await lab.ask('GET /repo/info/refs?service=git-upload-pack', [`User-Agent: ${GIT}`])
  assert.match(wrong.text, new RegExp(`Open ${pagesUrl}/\\.torhaus/ in a browser`))
})

test('a link to confirm at the host of the server works, and whoever confirms stays signed in at both', async () => {
  const from = '10.8.0.1'
  const person = await lab.person()
  const link = linkIn((await lab.asProgram({ from })).text).replace(pagesUrl, url)
  const page = await lab.confirm(person, new URL(link).href.replace(url, pagesUrl))
  assert.equal(page.url, `${pagesUrl}/.torhaus/confirmed`)
  assert.match((await person.get(link)).text, /There is nothing to confirm|Nothing to confirm/)
  assert.equal((await lab.asProgram({ from })).status, 200)
  for (const at of [`${url}/page`, `${pagesUrl}/.torhaus/`]) assert.equal((await person.send(at)).status, 200, at)
  const account = await person.get(`${pagesUrl}/.torhaus/`)
  assert.equal(account.text.match(/This browser/g)?.length, 1)
})

test('a form of ours that the host of the server sends is refused, also with its token', async () => {
  const person = await lab.person()
  const path = '/.torhaus/sign-out-everywhere'
  const form = formTo((await person.get(`${pagesUrl}/.torhaus/`)).text, path)
  assert.ok(form)
  for (const origin of [url, 'null', undefined]) {
    const answer = await person.send(pagesUrl + path, { method: 'POST', origin, form })
    assert.equal(codeOf(answer), 'sign-in-not-same-origin', `${origin}`)
    assert.equal(codeOf(await person.send(`${pagesUrl}/.torhaus/sign-out`, { method: 'POST', origin })), codeOf(answer))
  }
  assert.equal((await person.send(`${url}/page`)).status, 200)
})

test('pages of our own host name the server, and lead back there', async () => {
  const person = await lab.person()
  const { host } = new URL(url)
  const account = await person.get(`${pagesUrl}/.torhaus/`)
  assert.match(account.text, new RegExp(`<a class="button" href="${url}/">Go to ${host}</a>`))
  assert.match((await person.get(`${pagesUrl}/.torhaus/sign-out`)).text, new RegExp(`signed out of ${host} `))
  const lost = await person.get(`${pagesUrl}/somewhere`)
  assert.equal(lost.status, 404)
  assert.match(lost.text, new RegExp(`href="${url}/">Start page`))
  const here = await person.get(`${url}/.torhaus/none`)
  assert.match(here.text, /href="\/">Start page/)
})
