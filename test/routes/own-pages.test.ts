/**
 * Our own pages share the origin of the server's: what a script, a frame or a prefetch of the server's pages asks for
 * is refused.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { answerSignIn, signIn } from '../../devkit/op/user-agent.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type GrantsLab, linkIn, startGrantsLab } from '../grants/grants-lab.ts'
import type { Person } from '../grants/person.ts'

const NOT_A_VISIT: Readonly<Record<string, readonly string[]>> = {
  'a script': ['Sec-Fetch-Mode: cors', 'Sec-Fetch-Dest: empty', 'Sec-Fetch-Site: same-origin'],
  'a script that claims no CORS': ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: empty'],
  'a script of the same origin': ['Sec-Fetch-Mode: same-origin'],
  'a frame': ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe', 'Sec-Fetch-Site: same-origin'],
  'an old frame': ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: frame'],
  'an object': ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: object'],
  'an embedded page': ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: embed'],
  'an image': ['Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'],
  'a prefetch': ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Sec-Purpose: prefetch'],
  'a prerendering': ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Sec-Purpose: prefetch;prerender'],
  'a prefetch of an older browser': ['Purpose: prefetch'],
}
const VISIT = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Sec-Fetch-Site: same-origin']

let lab: GrantsLab
let ada: Person
before(async () => {
  lab = await startGrantsLab({}, { credentials: { patAccountField: 'X-VSS-UserData' } })
  ada = await lab.person()
})
after(() => lab.close())

const cookieField = (person = ada) => `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
const newLink = async (from: string) => linkIn((await lab.asProgram({ from })).text)
const pathOf = (link: string) => new URL(link).pathname

for (const [what, fields] of Object.entries(NOT_A_VISIT)) {
  test(`${what} is shown no page of ours, and sends no form`, async () => {
    const path = pathOf(await newLink('10.1.0.1'))
    const { token } = formTo((await ada.get(lab.fixture.url + path)).text, path) ?? {}
    const all = [cookieField(), 'Accept: text/html', `Origin: ${lab.fixture.url}`, ...fields]
    const pages = [
      '',
      'git',
      'sign-in',
      'callback?state=x&code=y',
      'sign-out',
      'signed-out',
      'confirmed',
      path.slice(10),
    ]
    for (const page of pages) {
      const answer = await lab.ask(`GET /.torhaus/${page}`, all)
      assert.deepEqual([answer.status, answer.one('X-Torhaus-Error')], [403, 'own-page-navigation-only'], page)
      assert.doesNotMatch(answer.text, /\bada\b/)
    }
    const form = ['Content-Type: application/x-www-form-urlencoded']
    for (const target of [path, '/.torhaus/sign-out', '/.torhaus/sign-out-everywhere']) {
      const answer = await lab.ask(`POST ${target}`, [...all, ...form], `token=${encodeURIComponent(token ?? '')}`)
      assert.equal(answer.one('X-Torhaus-Error'), 'own-page-navigation-only', target)
    }
    assert.equal((await ada.get(`${lab.fixture.url}/.torhaus/`)).status, 200, 'the session goes on')
  })
}

test('a visit is answered, and what is no page of a person stays for everybody', async () => {
  for (const fields of [VISIT, []])
    assert.equal((await lab.ask('GET /.torhaus/', [cookieField(), 'Accept: text/html', ...fields])).status, 200)
  const script = NOT_A_VISIT['a script'] ?? []
  for (const path of ['jwks.json', 'torhaus-credential.mjs'])
    assert.equal((await lab.ask(`GET /.torhaus/${path}`, script)).status, 200, path)
})

test('a form without its token, with that of another form, or with one that was used, does nothing', async () => {
  const link = await newLink('10.2.0.1')
  const account = await ada.get(`${lab.fixture.url}/.torhaus/`)
  const other = formTo(account.text, '/.torhaus/sign-out-everywhere')?.token ?? ''
  const carol = await lab.person()
  const theirs = formTo((await carol.get(link)).text, pathOf(link))?.token ?? ''
  for (const form of [{}, { token: '' }, { token: 'made up' }, { token: other }, { token: theirs }] as const) {
    const answer = await ada.send(link, { method: 'POST', origin: lab.fixture.url, form })
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'form-token-invalid'])
  }
  const bare = await ada.send(link, { method: 'POST', origin: lab.fixture.url })
  assert.equal(codeOf(bare), 'form-token-invalid')
  const form = formTo((await ada.get(link)).text, pathOf(link))
  assert.ok(form)
  const first = await ada.send(link, { method: 'POST', origin: lab.fixture.url, form })
  assert.match(first.headers.get('location') ?? '', /[?&]prompt=login(&|$)/)
  assert.match(first.headers.get('location') ?? '', /[?&]max_age=0(&|$)/)
  const again = await ada.send(link, { method: 'POST', origin: lab.fixture.url, form })
  assert.equal(codeOf(again), 'form-token-invalid')
})

test('the button alone confirms nothing, nor does a sign-in begun for something else', async () => {
  const from = '10.3.0.1'
  const link = await newLink(from)
  const op = await ada.press(link, pathOf(link))
  assert.match(op.text, /name="password"/, 'the OP asks, although it knows the person')
  assert.equal((await lab.asProgram({ from })).status, 403)
  await ada.get(`${lab.fixture.url}/.torhaus/sign-in?return_to=${pathOf(link)}`)
  await ada.get(`${lab.fixture.url}/.torhaus/sign-in?return_to=/.torhaus/confirmed`)
  assert.equal((await lab.asProgram({ from })).status, 403)
  assert.match((await answerSignIn(ada, op, lab.fixture.users.ada)).text, /Run the command again/)
  assert.equal((await lab.asProgram({ from })).status, 200)
})

test('somebody else who signs in for it confirms nothing, and the session stays as it was', async () => {
  const own = await startGrantsLab({ acceptAmr: ['pwd'] })
  try {
    const person = await own.person()
    const asked = await own.ask('GET /repo/info/refs?service=git-upload-pack', [
      `Authorization: Bearer ${await own.fixture.op.issueAccessToken('ada', { acr: undefined, amr: ['none'] })}`,
      'User-Agent: git/2.50.1',
    ])
    const link = linkIn(asked.text)
    const before = person.cookies.get('torhaus')?.value
    const { url, users } = own.fixture
    const form = formTo((await person.get(link)).text, pathOf(link))
    assert.ok(form)
    const begun = await person.send(link, { method: 'POST', origin: url, form })
    const atOp = begun.headers.get('location') ?? ''
    const callback = await signIn(new BrowserClient(), atOp, users.carol, next => next.startsWith(`${url}/`))
    const answer = await person.send(callback.url)
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'confirmation-other-account'])
    assert.equal(person.cookies.get('torhaus')?.value, before)
    const record = own.audited('confirmation-refused').at(-1)
    assert.deepEqual([record?.['user.name'], record?.['torhaus.other_account']], ['carol', 'ada'])
    assert.equal(await own.metric('torhaus_grants_total{event="confirmed"}'), 0)
  } finally {
    await own.close()
  }
})

test('a service worker for the whole host is refused, one for a folder passes, and none is let out of it', async () => {
  const worker = ['Service-Worker: script', 'Sec-Fetch-Dest: serviceworker', 'Sec-Fetch-Mode: same-origin']
  const reached = lab.origin.requests.length
  for (const path of ['/sw.js', '/', '/sw.js?x=/a/', '/.torhaus/torhaus-credential.mjs', '/.torhaus/sw.js']) {
    const answer = await lab.ask(`GET ${path}`, [patField, ...worker])
    assert.equal(answer.one('X-Torhaus-Error'), 'service-worker-refused', path)
  }
  assert.equal(lab.origin.requests.length, reached)
  lab.origin.answerWith((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/javascript', 'Service-Worker-Allowed': '/', NEL: '{}' }).end('//')
  })
  const passed = await lab.ask('GET /wiki/sw.js', [patField, ...worker])
  assert.equal(passed.status, 200)
  assert.equal(passed.one('Service-Worker-Allowed'), undefined)
  assert.equal(passed.one('NEL'), undefined, 'nor is anybody told what is asked of the host')
  assert.equal((await lab.ask('GET /sw.js', [patField])).status, 200, 'a script, and no worker')
})

test('a refusal at an address of ours, which may have a code, leaves none of it in the history of a page', async () => {
  for (const path of ['callback?code=c&state=s', 'handed-over?code=c', 'none']) {
    const answer = await lab.ask(`GET /.torhaus/${path}`, ['Accept: text/html'])
    assert.equal(answer.one('Referrer-Policy'), 'no-referrer', path)
    assert.equal(answer.one('Cross-Origin-Opener-Policy'), 'same-origin', path)
  }
  const large = await lab.ask('GET /.torhaus/callback?code=c&state=s', [`Cookie: ${'x'.repeat(140_000)}`])
  const fields = ['Cross-Origin-Opener-Policy', 'X-Frame-Options', 'Referrer-Policy'].map(name => large.one(name))
  assert.deepEqual([large.status, ...fields], [431, 'same-origin', 'DENY', 'no-referrer'])
})

test('every page keeps scripts out, its window to itself, and frames away', async () => {
  for (const path of [
    '',
    'git',
    'sign-out',
    'signed-out',
    'confirmed',
    'none',
    pathOf(await newLink('10.4.0.1')).slice(10),
  ]) {
    const { headers } = await ada.send(`${lab.fixture.url}/.torhaus/${path}`)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /sandbox (?!.*allow-scripts).*allow-same-origin/, path)
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/, path)
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin', path)
    assert.equal(headers.get('cross-origin-embedder-policy'), 'require-corp', path)
  }
})

test('signing out everywhere clears what the browser keeps of the server', async () => {
  const person = await lab.person()
  const form = formTo((await person.get(`${lab.fixture.url}/.torhaus/`)).text, '/.torhaus/sign-out-everywhere')
  assert.ok(form)
  const sending = { method: 'POST', origin: lab.fixture.url, form }
  const answer = await person.send(`${lab.fixture.url}/.torhaus/sign-out-everywhere`, sending)
  assert.equal(answer.headers.get('clear-site-data'), '"cache"')
  ada = await lab.person()
})
