/** A logout that meets a sign-in or a refresh under way: what is signed out stays so. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf, SESSION_COOKIE } from '../../devkit/torhaus/sign-in-lab.ts'
import { type LogoutLab, startLogoutLab } from './logout-lab.ts'

const nowS = () => Math.floor(Date.now() / 1000)
let lab: LogoutLab
let offsetMs = 0

before(async () => {
  lab = await startLogoutLab({ now: () => Date.now() + offsetMs })
})
after(() => lab?.close())

/** Signs in, with a logout between the ID token and the session. */
async function overtaken(idToken: object, logout: object) {
  lab.op.tell(async ({ sign, header, claims }) => {
    assert.equal((await lab.postToken(await lab.token({ ...logout }))).status, 200)
    return sign(header, { ...claims, preferred_username: String(claims.sub), ...idToken })
  })
  const browser = new BrowserClient()
  const answer = await browser.get(`${lab.url}/`)
  return { browser, answer }
}

for (const [what, whom] of [
  ['its sid', { sid: 'sid-1' }],
  ['its sid and sub', { sid: 'sid-1', sub: 'ada' }],
  ['the whole person', { sub: 'ada' }],
] as const) {
  test(`a sign-in that a logout of ${what} overtakes opens no session`, async () => {
    const { browser, answer } = await overtaken({ sub: 'ada', sid: 'sid-1' }, whom)
    assert.deepEqual([answer.status, codeOf(answer)], [403, 'sign-in-overtaken'])
    assert.equal(browser.cookies.get(SESSION_COOKIE), undefined)
    assert.equal(lab.audited('sign-in').length, 0)
  })
}

test('a sign-in is not hindered by logouts of others, or by one from before it', async () => {
  for (const whom of [{ sid: 'sid-2', sub: 'bob' }, { sid: 'sid-3' }, { sub: 'carol' }]) {
    const { answer } = await overtaken({ sub: 'bob', sid: 'sid-3-of-bob' }, whom)
    assert.equal(answer.status, 200, JSON.stringify(whom))
  }
  const { answer } = await overtaken({ sub: 'dan', sid: 'sid-4' }, { sid: 'sid-4', sub: 'dan', iat: nowS() - 2 })
  assert.equal(answer.status, 200)
})

test('a refresh under way does not bring a session back, nor let the request pass that waits for it', async () => {
  const browser = await lab.open({ sub: 'eve', sid: 'sid-5' })
  lab.op.onRefresh('wait')
  const { refreshes } = lab.op.requests
  // Overdue: interval and grace are over.
  offsetMs = 1_600_000
  const waiting = browser.send(`${lab.url}/`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
  while (lab.op.requests.refreshes === refreshes) await sleep(5)
  const reached = lab.origin.requests.length
  assert.equal(
    (await lab.postToken(await lab.token({ sid: 'sid-5', iat: nowS() + 1600, exp: nowS() + 1700 }))).status,
    200,
  )
  lab.op.answer()
  const answer = await waiting
  assert.deepEqual([answer.status, codeOf(answer)], [401, 'session-ended'])
  assert.equal(lab.origin.requests.length, reached)
  assert.equal(await lab.isAlive(browser), false)
})

test('a session that ended here and at the OP leaves nothing that counts: the browser signs in anew', async () => {
  offsetMs = 0
  const browser = await lab.open({ sub: 'fay', sid: 'sid-6' })
  await lab.postToken(await lab.token({ sid: 'sid-6', iat: nowS() - 2 }))
  const { codes } = lab.op.requests
  assert.equal((await browser.get(`${lab.url}/`)).status, 200)
  assert.equal(lab.op.requests.codes, codes + 1)
})
