/** A verdict is remembered as long as the token is valid, and not a moment longer. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const [LIFETIME_S, TOLERANCE_S] = [300, 5]
let nowMs = Math.floor(Date.now() / 1000) * 1000
let lab: SignInLab

before(async () => {
  lab = await startSignInLab({ now: () => nowMs })
})
after(() => lab.close())

const token = (overrides: Record<string, unknown> = {}) =>
  lab.op.issueAccessToken('ada', {
    iat: nowMs / 1000,
    exp: nowMs / 1000 + LIFETIME_S,
    auth_time: nowMs / 1000,
    ...overrides,
  })

async function statusOf(bearer: string): Promise<number | string> {
  const answer = await fetch(`${lab.url}/`, { headers: { authorization: `Bearer ${bearer}` } })
  return codeOf(answer) ?? answer.status
}

test('a token seen before is refused once it has expired, with its tolerance and no longer', async () => {
  const bearer = await token()
  assert.equal(await statusOf(bearer), 200)
  nowMs += (LIFETIME_S + TOLERANCE_S) * 1000 - 1
  assert.equal(await statusOf(bearer), 200)
  assert.equal(await statusOf(bearer), 200)
  nowMs += 1
  assert.equal(await statusOf(bearer), 'bearer-expired')
  assert.equal(await statusOf(bearer), 'bearer-expired')
})

test('a token first seen within the tolerance is accepted every time, not every other time', async () => {
  const bearer = await token()
  nowMs += LIFETIME_S * 1000 + 2000
  for (let request = 0; request < 4; request++) assert.equal(await statusOf(bearer), 200)
})

test('a remembered token does not outlive the age its second factor may have', async () => {
  const bearer = await token({ exp: nowMs / 1000 + 100_000 })
  assert.equal(await statusOf(bearer), 200)
  nowMs += 43_201_000
  assert.equal(await statusOf(bearer), 'second-factor-stale')
})

test('a good signature by an algorithm that is not on the list is refused', async () => {
  const strict = await startSignInLab({
    configure: config => ({
      ...config,
      oidc: { ...config.oidc, bearer: { ...config.oidc.bearer, algorithms: ['ES256'] } },
    }),
  })
  try {
    const headers = { authorization: `Bearer ${await strict.op.issueAccessToken('ada')}` }
    assert.equal(codeOf(await fetch(strict.url, { headers })), 'bearer-algorithm-refused')
  } finally {
    await strict.close()
  }
})
