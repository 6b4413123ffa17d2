import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { BrowserClient as Browser } from '../../devkit/clients/browser-client.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { type LogoutLab, startLogoutLab } from './logout-lab.ts'

let lab: LogoutLab

before(async () => {
  lab = await startLogoutLab({
    configure: config => ({ ...config, oidc: { ...config.oidc, frontChannelLogout: true } }),
  })
})
after(() => lab?.close())

/** As the frame on a page of the OP does: without a cookie. */
const load = (query: string, by: BrowserClient = new Browser()) =>
  by.send(`${lab.url}/.torhaus/frontchannel-logout${query}`, {
    fields: { 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Site': 'cross-site' },
  })
const queryOf = (parameters: Record<string, string>) => `?${new URLSearchParams(parameters)}`

test('with issuer and sid the sessions of that sid end, and the page may be framed by the OP only', async () => {
  const [browser, other] = [await lab.open({ sub: 'ada', sid: 's1' }), await lab.open({ sub: 'ada', sid: 's2' })]
  const answer = await load(queryOf({ iss: lab.op.issuer, sid: 's1' }))
  assert.equal(answer.status, 200)
  assert.deepEqual([await lab.isAlive(browser), await lab.isAlive(other)], [false, true])
  const { headers } = answer
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.ok(headers.get('content-security-policy')?.endsWith(`frame-ancestors ${new URL(lab.op.issuer).origin}`))
  assert.match(headers.get('content-security-policy') ?? '', /^default-src 'none'/)
  assert.equal(headers.get('x-frame-options'), null)
  assert.deepEqual(
    lab.audited('front-channel-logout').map(record => [record['user.name'], record['torhaus.sessions']]),
    [['ada', 1]],
  )
  assert.equal(await lab.metric('torhaus_op_logouts_total{channel="front",outcome="ended"}'), 1)
})

test('without both, once each, and the issuer ours, nothing ends, also with a cookie', async () => {
  const browser = await lab.open({ sub: 'bob', sid: 's3' })
  const { issuer } = lab.op
  const right = { iss: issuer, sid: 's3' }
  for (const query of [
    '',
    queryOf({ sid: 's3' }),
    queryOf({ iss: issuer }),
    queryOf({ ...right, iss: `${issuer}/` }),
    queryOf({ ...right, iss: 'https://op.evil.example' }),
    queryOf({ ...right, sid: '' }),
    `${queryOf(right)}&sid=other`,
    `${queryOf(right)}&iss=${encodeURIComponent(issuer)}`,
  ]) {
    const answer = await load(query, browser)
    assert.deepEqual([answer.status, codeOf(answer)], [400, 'logout-request-malformed'], query)
    assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  }
  assert.equal((await load(queryOf({ ...right, sid: 'another' }), browser)).status, 200)
  assert.ok(await lab.isAlive(browser))
  assert.equal(lab.audited('logout-refused').length, 8)
})

test('unless it is configured, there is no such page, and nothing ends', async () => {
  const plain = await startLogoutLab()
  try {
    const browser = await plain.open({ sub: 'ada', sid: 's1' })
    const answer = await browser.send(
      `${plain.url}/.torhaus/frontchannel-logout${queryOf({ iss: plain.op.issuer, sid: 's1' })}`,
    )
    assert.deepEqual([answer.status, codeOf(answer)], [404, 'not-found'])
    assert.ok(await plain.isAlive(browser))
  } finally {
    await plain.close()
  }
})
