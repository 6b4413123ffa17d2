/** The OP exchanges its signing keys whenever it likes; Torhaus is not started again. */
import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { type LogoutLab, rightClaims, startLogoutLab } from '../logout/logout-lab.ts'

/** Longer than any of the limits on how often the OP is asked for its keys, shorter than any copy is kept. */
const PAUSE_MS = 120_000
let lab: LogoutLab

before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  lab = await startLogoutLab({ now: () => Date.now() })
})
after(async () => {
  await lab?.close()
  mock.timers.reset()
})

async function askWithToken(): Promise<number> {
  const claims = { ...rightClaims(lab.op.issuer), aud: agreed.audience, sub: 'ada', preferred_username: 'ada' }
  const evidence = { acr: 'urn:torhaus:acr:mfa', auth_time: claims.iat }
  const token = await lab.op.sign({ ...lab.op.header, typ: 'at+jwt' }, { ...claims, ...evidence })
  return (await fetch(`${lab.url}/`, { headers: { Authorization: `Bearer ${token}` } })).status
}

test('sign-in, refresh, access tokens and logout tokens go on with the new key after a pause', async () => {
  const earlier = await lab.open({ sub: 'ada', sid: 'earlier' })
  assert.equal(await askWithToken(), 200)
  assert.equal((await lab.postToken(await lab.token({ sid: 'nobody' }))).status, 200)
  await lab.op.exchangeKeys()
  mock.timers.tick(PAUSE_MS)
  assert.equal(await askWithToken(), 200)
  const later = await lab.open({ sub: 'ada', sid: 'later' })
  assert.ok(await lab.isAlive(later))
  mock.timers.tick(1_600_000)
  const { refreshes } = lab.op.requests
  assert.ok(await lab.isAlive(earlier))
  assert.equal(lab.op.requests.refreshes, refreshes + 1)
  await lab.op.exchangeKeys()
  mock.timers.tick(PAUSE_MS)
  assert.equal((await lab.postToken(await lab.token({ sid: 'earlier' }))).status, 200)
  assert.equal(await lab.isAlive(earlier), false)
  assert.ok(await lab.isAlive(later))
})
