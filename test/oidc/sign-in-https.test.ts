/** Behind a balancer that ends TLS: the public URL is https, and the cookies follow it. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const PUBLIC_URL = 'https://devops.example'
const ATTRIBUTES = '; HttpOnly; SameSite=Lax; Secure'
let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer, configure: config => ({ ...config, publicUrl: PUBLIC_URL }) })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

type Answer = { readonly status: number; readonly location: string; readonly setCookie: readonly string[] }

function send(path: string, cookie = '', more: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...{ Host: 'devops.example', Accept: 'text/html', 'User-Agent': 'Mozilla/5.0', Cookie: cookie },
      ...more,
    }
    request({ host: '127.0.0.1', port: lab.port, path, headers }, response => {
      const { location = '', 'set-cookie': setCookie = [] } = response.headers
      resolve({ status: response.resume().statusCode ?? 0, location, setCookie })
    })
      .on('error', reject)
      .end()
  })
}

const valueOfCookie = (line = '') => line.split(';', 1)[0] ?? ''

test('both cookies are bound to the host, secure, unreadable for scripts and SameSite=Lax', async () => {
  const wanted = await send('/page')
  assert.equal(wanted.location, `${PUBLIC_URL}/.torhaus/sign-in?return_to=%2Fpage`)
  const start = await send('/.torhaus/sign-in?return_to=%2Fpage')
  const [browserCookie = ''] = start.setCookie
  assert.match(browserCookie, /^__Host-Http-torhaus-sign-in=[\w-]{43}; Path=\/; Max-Age=900/)
  assert.ok(browserCookie.endsWith(ATTRIBUTES), browserCookie)

  const back = await fetch(start.location, { redirect: 'manual' })
  const callback = new URL(back.headers.get('location') ?? '')
  assert.equal(callback.origin, PUBLIC_URL)
  const end = await send(callback.pathname + callback.search, valueOfCookie(browserCookie))
  assert.deepEqual([end.status, end.location], [303, '/page'])
  const [sessionCookie = ''] = end.setCookie
  assert.match(sessionCookie, /^__Host-Http-torhaus=[\w-]{43}; Path=\/;/)
  assert.doesNotMatch(sessionCookie, /Domain|Max-Age|Expires/i)
  assert.ok(sessionCookie.endsWith(ATTRIBUTES), sessionCookie)

  const cookies = ['a=1', valueOfCookie(sessionCookie), valueOfCookie(browserCookie), 'torhaus=of-the-server', 'b=2']
  assert.equal((await send('/page', cookies.join('; '))).status, 200)
  assert.deepEqual(lab.origin.requests.at(-1)?.all('cookie'), ['a=1; torhaus=of-the-server; b=2'])

  const withoutPrefix = valueOfCookie(sessionCookie).replace('__Host-', '')
  assert.equal((await send('/page', withoutPrefix)).status, 302, 'a cookie another host could set opens nothing')
})

test('the server cannot set a cookie of ours', async () => {
  lab.origin.answerWith((_, response) => {
    response.setHeader('Set-Cookie', [
      '__Host-Http-torhaus=planted; Path=/; Secure',
      'own=1',
      '__Host-Http-torhaus-sign-in=x',
    ])
    response.end()
  })
  const pat = 'a'.repeat(52)
  assert.deepEqual((await send('/', '', { authorization: `Bearer ${pat}` })).setCookie, ['own=1'])
})
