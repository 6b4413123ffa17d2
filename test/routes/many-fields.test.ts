/** What anybody may send is not taken apart when it has more fields than anybody needs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { configured, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const FORM = 'Content-Type: application/x-www-form-urlencoded'
const READERS = ['sign-in', 'callback', 'arrived', 'sign-out', 'self-test', 'self-test/a', 'frontchannel-logout']
/** All our pages that look at their query, by the host they stand at. */
const ONE_HOST = { '127.0.0.1': READERS }
const TWO_HOSTS = {
  '127.0.0.1': ['sign-in', 'self-test', 'self-test/a', 'handed-over', 'signed-out'],
  localhost: [...READERS, 'hand-over'],
}
const asForm = (content: string) => [FORM, `Content-Length: ${content.length}`]

test('forms and queries of more than a thousand fields are refused, and more than fifty values of acr', async () => {
  const proxy = await startProxy()
  try {
    const many = 'a&'.repeat(1001)
    const few = `${'a&'.repeat(990)}logout_token=x`
    for (const [content, code] of [
      [few, 'logout-token-invalid'],
      [many, 'logout-request-malformed'],
    ] as const) {
      const logout = await proxy.ask('POST /.torhaus/backchannel-logout', asForm(content), content)
      assert.deepEqual([logout.status, logout.one('x-torhaus-error')], [400, code])
    }
    const query = await proxy.ask(`GET /.torhaus/sign-in?${many}`)
    assert.deepEqual([query.status, query.one('x-torhaus-error')], [400, 'target-malformed'])
    const asked = (count: number) => `GET /.torhaus/sign-in?acr_values=${Array(count).fill('a').join('+')}`
    assert.notEqual((await proxy.ask(asked(50))).one('x-torhaus-error'), 'sign-in-malformed')
    const levels = await proxy.ask(asked(51))
    assert.deepEqual([levels.status, levels.one('x-torhaus-error')], [400, 'sign-in-malformed'])
  } finally {
    await proxy.close()
  }
})

for (const [where, pages] of Object.entries({ 'at the one host': ONE_HOST, 'at neither of two hosts': TWO_HOSTS }))
  test(`no page of ours takes a long query apart, ${where}`, async () => {
    const proxy = await startProxy({
      ownHost: 'localhost' in pages,
      configure: config => ({ ...configured()(config), oidc: { ...config.oidc, frontChannelLogout: true } }),
    })
    const codeAt = async (host: string, page: string, count: number) => {
      const connection = await proxy.connect()
      const line = `GET /.torhaus/${page}?${'a&'.repeat(count)}`
      connection.send(requestText(line, [`Host: ${host}:${proxy.fixture.port}`]))
      return (await connection.response()).one('X-Torhaus-Error')
    }
    try {
      for (const [host, names] of Object.entries(pages))
        for (const page of names) {
          assert.equal(await codeAt(host, page, 1001), 'target-malformed', `${host} ${page}`)
          assert.notEqual(await codeAt(host, page, 990), 'target-malformed', `${host} ${page}`)
        }
    } finally {
      await proxy.close()
    }
  })
