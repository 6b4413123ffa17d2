/** What anybody may send is not taken apart when it has more fields than anybody needs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

const FORM = 'Content-Type: application/x-www-form-urlencoded'
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
