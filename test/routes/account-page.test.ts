import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

test('the page says who one is, escaped, and shows neither id nor token', async () => {
  op.tell(({ sign, header, claims }) =>
    sign(header, { ...claims, preferred_username: `<b>"ada"</b>&'`, amr: ['pwd', '<otp>'] }),
  )
  const browser = new BrowserClient()
  const page = await browser.get(`${lab.url}/.torhaus/`)
  assert.equal(page.url, `${lab.url}/.torhaus/`)
  assert.match(page.text, /&lt;b&gt;&quot;ada&quot;&lt;\/b&gt;&amp;&#39;/)
  assert.match(page.text, /&lt;otp&gt;/)
  // What forms carry is sealed: random characters, in which the beginning of a token would be found sooner or later.
  const shown = page.text.replaceAll(/ value="v1\.[^"]+"/g, '')
  assert.notEqual(shown, page.text)
  assert.doesNotMatch(shown, /<b>|<otp>|eyJ/)
  for (const { value } of browser.cookies.values()) assert.ok(!page.text.includes(value))
})

test('without a session it leads to the sign-in and back', async () => {
  const answer = await new BrowserClient().send(`${lab.url}/.torhaus/`)
  assert.deepEqual([answer.status, answer.headers.get('location')], [303, '/.torhaus/sign-in?return_to=%2F.torhaus%2F'])
})

test('nothing below /.torhaus reaches the origin, however it is written and whatever the method', async () => {
  const browser = new BrowserClient()
  await browser.get(`${lab.url}/`)
  const cookie = Array.from(browser.cookies, ([name, { value }]) => `${name}=${value}`).join('; ')
  const seen = lab.origin.requests.length
  const paths = [
    '/.torhaus/none',
    '/.torhaus',
    '/.torhaus/x/../y',
    '/.TORHAUS/',
    '/%2etorhaus/',
    '//.torhaus/',
    '/a/../.torhaus',
  ]
  for (const path of [...paths, `${lab.url}/.torhaus/none`, `${lab.url}/.torhaus`]) {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD']) {
      const headers = { Cookie: cookie, Origin: lab.url }
      const status = await new Promise((resolve, reject) => {
        const options = { host: '127.0.0.1', port: lab.port, path, method, headers }
        const sent = request(options, response => resolve(response.resume().statusCode))
        sent.on('error', reject).end()
      })
      assert.ok(Number(status) < 500, `${method} ${path}: ${status}`)
    }
  }
  assert.deepEqual(
    lab.origin.requests.slice(seen).map(({ method, target }) => `${method} ${target}`),
    [],
  )
})
