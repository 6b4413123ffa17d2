/** The keys of the OP: asked for seldom, exchanged without a restart, waited for when the OP is away. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, mock, test } from 'node:test'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { samplePat } from '../../devkit/origin/origin-fixture.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

const COOLDOWN_MS = 30_000
const users = [{ name: 'ada', password: 'engine', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }]
let port: number
let op: OpenIdProvider | undefined
let lab: SignInLab

const startOp = () => startOpenIdProvider({ users, clients: [], audience: agreed.audience, port })

before(async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  port = await freePort()
  // At first there is no OP at that address.
  lab = await startSignInLab({ issuer: `http://127.0.0.1:${port}`, now: () => Date.now() })
})
after(async () => {
  await lab?.close()
  await op?.close()
  mock.timers.reset()
})

const whoami = (token: string) => fetch(`${lab.url}/_apis/whoami`, { headers: { authorization: `Bearer ${token}` } })

test('with the OP away since the start, tokens of the OP are answered 503 and personal access tokens pass', async () => {
  const claims = Buffer.from(JSON.stringify({ iss: `http://127.0.0.1:${port}` })).toString('base64url')
  const answer = await whoami(`${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${claims}.c2ln`)
  assert.deepEqual([answer.status, codeOf(answer)], [503, 'op-unreachable'])
  assert.ok(Number(answer.headers.get('retry-after')) > 0)
  assert.equal((await whoami(samplePat)).status, 200)
  assert.deepEqual(lab.origin.requests.at(-1)?.all('authorization'), [`Bearer ${samplePat}`])
})

test('once the OP is there, its tokens are accepted without a restart', async () => {
  op = await startOp()
  mock.timers.tick(2001)
  const answer = await whoami(await op.issueAccessToken('ada'))
  assert.equal(answer.status, 200)
  assert.equal(lab.account(), 'ada')
})

test('a key id that is no text names no key: the token is refused, and the OP is not said to be away', async () => {
  for (const kid of [5, null, {}, ['a']]) {
    const parts = [
      { alg: 'RS256', kid },
      { iss: op?.issuer, aud: agreed.audience },
    ]
    const [head, claims] = parts.map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    const answer = await whoami(`${head}.${claims}.c2ln`)
    assert.deepEqual([answer.status, codeOf(answer)], [401, 'bearer-key-unknown'], JSON.stringify(kid))
  }
  mock.timers.tick(COOLDOWN_MS + 1)
})

test('200 tokens with made-up key ids make the OP be asked for its keys once, and once more after the cool-down', async () => {
  assert.ok(op)
  const madeUp = await Promise.all(
    Array.from({ length: 200 }, () => op?.signJwt({ kid: randomUUID() }, { iss: op?.issuer, aud: agreed.audience })),
  )
  const { jwks } = op.requests
  // What made them ask was a token, and not the age of the copy: so also right after it was read.
  for (const [round, asked] of [1, 2, 2].entries()) {
    if (round === 1) mock.timers.tick(COOLDOWN_MS + 1)
    const answers = await Promise.all(madeUp.map(token => whoami(token ?? '')))
    for (const answer of answers) assert.equal(codeOf(answer), 'bearer-key-unknown')
    assert.equal(op.requests.jwks, jwks + asked, `round ${round}`)
  }
})

test('keys that the OP has exchanged are picked up, and its old tokens are refused', async () => {
  assert.ok(op)
  const old = await op.issueAccessToken('ada', { jti: 'never seen before the change' })
  await op.close()
  op = await startOp()
  mock.timers.tick(2 * COOLDOWN_MS)
  assert.equal((await whoami(await op.issueAccessToken('ada'))).status, 200)
  assert.equal(codeOf(await whoami(old)), 'bearer-key-unknown')
})

test('a Torhaus that starts under a flood of tokens asks for the keys once', async () => {
  assert.ok(op)
  const other = await startSignInLab({ issuer: op.issuer })
  try {
    const tokens = await Promise.all(Array.from({ length: 100 }, () => op?.issueAccessToken('ada') ?? ''))
    const { jwks, discovery } = op.requests
    const send = (token: string) => fetch(`${other.url}/`, { headers: { authorization: `Bearer ${token}` } })
    for (const answer of await Promise.all(tokens.map(send))) assert.equal(answer.status, 200)
    assert.equal(op.requests.jwks, jwks + 1)
    assert.ok(op.requests.discovery <= discovery + 1)
  } finally {
    await other.close()
  }
})
