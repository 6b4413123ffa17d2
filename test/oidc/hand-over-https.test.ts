/** Both hosts behind a balancer that ends TLS: the cookies of each are bound to it. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const [PUBLIC, OWN] = ['https://devops.example', 'https://signin.devops.example']
const ATTRIBUTES = /; Path=\/;( Max-Age=900;)? HttpOnly; SameSite=Lax; Secure$/
let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  const ownPages = { publicUrl: OWN }
  lab = await startSignInLab({ issuer: op.issuer, configure: config => ({ ...config, publicUrl: PUBLIC, ownPages }) })
})
after(async () => {
  await lab?.close()
  await op?.close()
})

type Step = { readonly status: number; readonly location: string; readonly setCookie: readonly string[] }

/** As the balancer passes it on; each host is sent the cookies it has set. */
function visit(address: string, jar: Map<string, string>): Promise<Step> {
  const { host, origin, pathname, search } = new URL(address)
  const headers = { Host: host, Accept: 'text/html', 'User-Agent': 'Mozilla/5.0', Cookie: jar.get(origin) ?? '' }
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: lab.port, path: pathname + search, headers }, response => {
      const { location = '', 'set-cookie': setCookie = [] } = response.headers
      for (const line of setCookie) jar.set(origin, [jar.get(origin), line.split(';', 1)[0]].filter(Boolean).join('; '))
      const target = location === '' ? '' : new URL(location, address).href
      resolve({ status: response.resume().statusCode ?? 0, location: target, setCookie })
    })
      .on('error', reject)
      .end()
  })
}

test('a sign-in passes both hosts over TLS, with cookies that neither the other host nor a script can set', async () => {
  const jar = new Map<string, string>()
  const set: string[] = []
  const passed: string[] = []
  let next = `${PUBLIC}/page`
  for (let steps = 0; steps < 12 && next !== ''; steps++) {
    passed.push(new URL(next).origin + new URL(next).pathname)
    if (next.startsWith(op.issuer)) {
      next = (await fetch(next, { redirect: 'manual' })).headers.get('location') ?? ''
      continue
    }
    const { status, location, setCookie } = await visit(next, jar)
    set.push(...setCookie)
    if (status === 200) break
    next = location
  }
  assert.deepEqual(passed, [
    ...[`${PUBLIC}/page`, `${PUBLIC}/.torhaus/sign-in`, `${OWN}/.torhaus/sign-in`, `${op.issuer}/authorize`],
    ...[`${OWN}/.torhaus/callback`, `${OWN}/.torhaus/hand-over`, `${PUBLIC}/.torhaus/handed-over`, `${PUBLIC}/page`],
  ])
  assert.deepEqual(
    set.map(line => line.split('=', 1)[0]),
    [
      ...['__Host-Http-torhaus-sign-in', '__Host-Http-torhaus-own-sign-in'],
      ...['__Host-Http-torhaus-own', '__Host-Http-torhaus'],
    ],
  )
  for (const line of set) assert.match(line, ATTRIBUTES)
  assert.equal(lab.account(), 'ada')
})
