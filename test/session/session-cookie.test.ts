import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isOpaqueId, keyOf, newOpaqueId } from '../../src/session/opaque-id.ts'
import { SessionCookies } from '../../src/session/session-cookie.ts'

test('with an https public URL the cookies are host-bound, secure, unreadable for scripts and SameSite=Lax', () => {
  const cookies = new SessionCookies('https://devops.example')
  assert.equal(cookies.session('id'), '__Host-Http-torhaus=id; Path=/; HttpOnly; SameSite=Lax; Secure')
  assert.equal(
    cookies.browser('id', 900),
    '__Host-Http-torhaus-sign-in=id; Path=/; Max-Age=900; HttpOnly; SameSite=Lax; Secure',
  )
  const gone = 'Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure'
  assert.deepEqual(cookies.deleteSession(), [`__Host-Http-torhaus=; ${gone}`, `__Host-torhaus=; ${gone}`])
})

test('letter case and blanks of the public URL take nothing from them', () => {
  for (const publicUrl of ['HTTPS://devops.example', ' https://devops.example'])
    assert.equal(
      new SessionCookies(publicUrl).session('id'),
      '__Host-Http-torhaus=id; Path=/; HttpOnly; SameSite=Lax; Secure',
    )
})

test('the older name, which scripts can set, opens no session; neither goes on', () => {
  const cookies = new SessionCookies('https://devops.example')
  assert.equal(cookies.sessionIn('a=b; __Host-torhaus=old'), undefined)
  assert.equal(cookies.sessionIn('__Host-torhaus=old; __Host-Http-torhaus=new'), 'new')
  assert.equal(cookies.sessionIn('torhaus=plain; x__Host-torhaus=x'), undefined)
  for (const other of ['x__Host-Http-torhaus=x', 'a=__Host-Http-torhaus=x', '__Host-Http-torhaus-sign-in=x'])
    assert.equal(cookies.sessionIn(`${other}; __Host-Http-torhaus=new`), 'new', other)
  assert.equal(cookies.sessionIn(undefined), undefined)
  assert.deepEqual(cookies.names, [
    '__Host-Http-torhaus',
    '__Host-Http-torhaus-sign-in',
    '__Host-Http-torhaus-provider',
    '__Host-torhaus',
    '__Host-torhaus-sign-in',
  ])
})

test('with an http public URL they lack only what http cannot have', () => {
  const cookies = new SessionCookies('http://127.0.0.1:8080')
  assert.equal(cookies.session('id'), 'torhaus=id; Path=/; HttpOnly; SameSite=Lax')
})

test('an id is 256 bits, never the same, and known to the store by its hash only', () => {
  const ids = new Set(Array.from({ length: 1000 }, newOpaqueId))
  assert.equal(ids.size, 1000)
  for (const id of ids) {
    assert.equal(Buffer.from(id, 'base64url').length, 32)
    assert.ok(isOpaqueId(id))
    assert.ok(!keyOf(id).includes(id))
  }
  assert.ok(!isOpaqueId(`${'x'.repeat(43)}\n`))
})
