/** Logout as OPs really do it, and pages that say how it is. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type LogoutLab, startLogoutLab } from './logout-lab.ts'

let lab: LogoutLab
before(async () => {
  lab = await startLogoutLab({
    configure: config => ({
      ...config,
      oidc: { ...config.oidc, frontChannelLogout: true, frontChannelBySidAlone: true } as typeof config.oidc,
    }),
  })
})
after(() => lab?.close())

const frame = (query: string) =>
  new BrowserClient().send(`${lab.url}/.torhaus/frontchannel-logout?${query}`, {
    fields: { 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Site': 'cross-site' },
  })

test('a request with sid alone, as Entra ID sends it, ends that session', async () => {
  const browser = await lab.open({ sub: 'ada', sid: 's1' })
  const answer = await frame('sid=s1')
  assert.equal(answer.status, 200)
  assert.match(answer.text, /You are signed out/)
  assert.equal(await lab.isAlive(browser), false)
})

test('another issuer, or two sids, still end nothing', async () => {
  const browser = await lab.open({ sub: 'ada', sid: 's2' })
  for (const query of ['sid=s2&iss=https://op.evil.example', 'sid=s2&sid=s3', 'sid='])
    assert.equal(codeOf(await frame(query)), 'logout-request-malformed')
  assert.ok(await lab.isAlive(browser))
})

test('a frame that ended nothing does not say that somebody is signed out', async () => {
  const answer = await frame('sid=unknown')
  assert.equal(answer.status, 200)
  assert.doesNotMatch(answer.text, /You are signed out/)
  assert.match(answer.text, /Nothing to sign out of/)
})

test('the page after signing out does not say so while a session goes on', async () => {
  const page = `${lab.url}/.torhaus/signed-out`
  const browser = await lab.open({ sub: 'ada', sid: 's4' })
  const still = await browser.send(page)
  assert.doesNotMatch(still.text, /You are signed out/)
  assert.match(still.text, /You are still signed in.*href="\/\.torhaus\/sign-out"/s)
  assert.match((await new BrowserClient().send(page)).text, /You are signed out/)
})

test('somebody in a hundred groups can sign out: the URL stays short, without the hint', async () => {
  lab.op.describe(right => ({ ...right, end_session_endpoint: `${lab.op.issuer}/end` }))
  await lab.restart()
  const groups = Array.from({ length: 100 }, (_, index) => `0000000${index}-0000-0000-0000-000000000000`)
  const leave = async (claims: object) => {
    lab.op.tell(({ sign, header, claims: right }) => sign(header, { ...right, ...claims }))
    const browser = new BrowserClient()
    await browser.get(`${lab.url}/`)
    const fields = { Origin: lab.url, 'Content-Length': '0' }
    return (
      (await browser.send(`${lab.url}/.torhaus/sign-out`, { method: 'POST', fields })).headers.get('location') ?? ''
    )
  }
  assert.match(await leave({}), /id_token_hint=ey/)
  const location = await leave({ groups })
  assert.ok(location.length < 1000, `${location.length} characters`)
  assert.match(location, /client_id=torhaus/)
})
