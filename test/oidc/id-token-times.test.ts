/**
 * Times in ID tokens: the clock of the OP may differ as far as configured, and a time may have a fraction (RFC 7519 2).
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { lyingLab } from './lying-lab.ts'

const { op, start } = await lyingLab()

const nowS = () => Date.now() / 1000

async function signIn(times: object, settings: object = {}): Promise<number | string> {
  op.tell(({ sign, header, claims }) => sign(header, { ...claims, ...times }))
  const { url } = await start(config => ({ ...config, oidc: { ...config.oidc, ...settings } }))
  const end = await new BrowserClient().get(`${url}/`)
  return codeOf(end) ?? end.status
}

test('an OP whose clock is two minutes behind is refused, unless that is configured', async () => {
  const behind = { iat: Math.floor(nowS()) - 180, exp: Math.floor(nowS()) - 120, auth_time: Math.floor(nowS()) - 180 }
  assert.equal(await signIn(behind), 'op-response-invalid')
  assert.equal(await signIn(behind, { clockToleranceSeconds: 150 }), 200)
})

test('an OP whose clock is two minutes ahead is refused, unless that is configured', async () => {
  const ahead = { iat: Math.floor(nowS()) + 120, exp: Math.floor(nowS()) + 420, auth_time: Math.floor(nowS()) + 120 }
  assert.equal(await signIn(ahead), 'second-factor-stale')
  assert.equal(await signIn(ahead, { clockToleranceSeconds: 150 }), 200)
})

test('with no tolerance an ID token that expired a few seconds ago is refused', async () => {
  assert.equal(await signIn({ exp: Math.floor(nowS()) - 5 }, { clockToleranceSeconds: 0 }), 'op-response-invalid')
  assert.equal(await signIn({ exp: Math.floor(nowS()) - 5 }), 200)
})

test('times with a fraction are times', async () => {
  assert.equal(await signIn({ iat: nowS(), exp: nowS() + 60, auth_time: nowS() }), 200)
})

for (const [what, times] of Object.entries({
  'an iat that is no date': { iat: 1e300 },
  'a negative exp': { exp: -1 },
  'an auth_time that is text': { auth_time: String(Math.floor(nowS())) },
})) {
  test(`${what} opens no session`, async () => {
    assert.notEqual(await signIn(times), 200)
  })
}
