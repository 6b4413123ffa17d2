import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { safeReturnPath } from '../../src/routes/return-path.ts'

const ORIGIN = 'https://devops.example'
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

const refused = [
  ...['', 'page', 'https://evil.example/', 'https:evil.example', 'javascript:alert(1)', '@evil.example', '?a'],
  ...[
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
    '\\/evil.example',
  ],
  ...[
    '/%2fevil.example',
    '/%5cevil.example',
    '/%09/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/a\r\nb: c',
  ],
  ...['/%0d%0aSet-Cookie:a=b', '/%00', '/ /evil.example', ' //evil.example', '/a\\b', '/\u2028', '/\u3002evil', '/ä'],
  ...['//[::1]/', '//evil-example.com', '//devops.example@evil.example', 'devops.example.evil.example'],
  ...['https://devops.example@evil.example/', 'https://devops.example.evil.example/', 'https://devops.example/'],
]

for (const wanted of refused) {
  test(`a return to ${JSON.stringify(wanted)} becomes one to the start page`, () => {
    assert.equal(safeReturnPath(wanted, ORIGIN), '/')
  })
}

test('a return path is kept as it is, with its query, its escapes and its odd characters', () => {
  const kept = [
    ...['/', '/a/b?c=d&e=%2F%5C', '/DefaultCollection/_git/demo?path=%2Fsrc&version=GBmain', "/a;b=c/(d)'!$*,~:@"],
    ...['/search?text=a%0Ab%09c', '/a//b', '/@evil.example', '/.torhaus/', '/%C3%A4', '/a?x=https://evil.example//'],
  ]
  for (const wanted of kept) assert.equal(safeReturnPath(wanted, ORIGIN), wanted)
})

test('whatever is kept stays on this host in the eyes of a browser', () => {
  for (const wanted of ['/.//evil.example', '/..//evil.example', '/./\u002f/evil.example', '/a/..//evil.example'])
    assert.equal(new URL(safeReturnPath(wanted, ORIGIN), ORIGIN).origin, ORIGIN, wanted)
})

test('a path of 4096 characters is kept, one of 8 KB leads to the start page', () => {
  const longest = `/${'a'.repeat(4095)}`
  assert.equal(safeReturnPath(longest, ORIGIN), longest)
  assert.equal(safeReturnPath(`/${'a'.repeat(8191)}`, ORIGIN), '/')
})

test('a sign-in that was given a foreign address, or two, ends on the start page', async () => {
  const foreign = ['%2F%2Fevil.example', '%2F%5Cevil.example', 'https%3A%2F%2Fevil.example', '%2F%09%2Fevil.example']
  for (const value of [...foreign, '', '%2F%2Fevil.example&return_to=%2Fpage']) {
    const browser = new BrowserClient()
    const start = `${lab.url}/.torhaus/sign-in?return_to=${value}`
    const { url } = await browser.get(start, to => to.includes('/callback?'))
    const { status, headers } = await browser.send(url)
    assert.deepEqual([status, headers.get('location')], [303, '/'], value)
  }
})

test('a page with 8 KB of query signs in and ends on the start page, without an error', async () => {
  const end = await new BrowserClient().get(`${lab.url}/page?q=${'x'.repeat(8192)}`)
  assert.deepEqual([end.status, end.url], [200, `${lab.url}/`])
})
