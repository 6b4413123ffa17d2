/**
 * The OP changes its keys: a new one counts at once, a withdrawn one no longer, and made-up ones cost next to nothing.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { personClaims } from '../../devkit/attack/op-token-attacks.ts'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'

const [MAX_AGE_MS, GRACE_MS, STRANGERS_PAUSE_MS] = [60_000, 900_000, 5000]
const TEN_YEARS_S = 315_360_000
let nowMs = Date.now()
let op: LyingOp
let lab: SignInLab

before(async () => {
  op = await startLyingOp()
  lab = await startSignInLab({ issuer: op.issuer, now: () => nowMs })
})
beforeEach(async () => {
  op.answerAt('/jwks')
  // The copy is read anew, and strangers have not asked for anything lately.
  nowMs += 2 * MAX_AGE_MS
  assert.equal(await ask(await token()), 200)
})
after(async () => {
  await lab?.close()
  await op?.close()
})

const token = (header: object = {}) =>
  op.sign(
    { ...op.header, typ: 'at+jwt', ...header },
    { ...personClaims(op.issuer), aud: agreed.audience, jti: randomUUID(), exp: nowMs / 1000 + TEN_YEARS_S },
  )

async function ask(bearer: string): Promise<number | string> {
  const answer = await fetch(`${lab.url}/`, { headers: { Authorization: `Bearer ${bearer}` } })
  return codeOf(answer) ?? answer.status
}

test('with a new key sign-in, access tokens and refresh go on at once', async () => {
  for (let rotation = 0; rotation < 3; rotation++) {
    await op.exchangeKeys('withdrawn')
    assert.equal((await new BrowserClient().get(`${lab.url}/`)).status, 200)
    await op.exchangeKeys('withdrawn')
    nowMs += STRANGERS_PAUSE_MS
    assert.equal(await ask(await token()), 200)
  }
})

test('a sign-in finds the new key also while strangers make up key ids', async () => {
  await ask(await token({ kid: randomUUID() }))
  await op.exchangeKeys()
  await ask(await token({ kid: randomUUID() }))
  assert.equal((await new BrowserClient().get(`${lab.url}/`)).status, 200)
})

test('ten made-up key ids cause one or two requests, one after the other and all at once', async () => {
  const { jwks } = op.requests
  for (let count = 0; count < 10; count++)
    assert.equal(await ask(await token({ kid: randomUUID() })), 'bearer-key-unknown')
  const many = await Promise.all(Array.from({ length: 10 }, () => token({ kid: randomUUID() })))
  assert.deepEqual(new Set(await Promise.all(many.map(ask))), new Set(['bearer-key-unknown']))
  assert.ok([1, 2].includes(op.requests.jwks - jwks), `${op.requests.jwks - jwks} requests`)
})

test('one made-up key id rests: again and again it causes no more requests', async () => {
  const bearer = await token({ kid: randomUUID() })
  await ask(bearer)
  const { jwks } = op.requests
  for (let round = 0; round < 4; round++) {
    nowMs += STRANGERS_PAUSE_MS
    assert.equal(await ask(bearer), 'bearer-key-unknown')
  }
  assert.equal(op.requests.jwks, jwks)
})

test('a token that was accepted before is refused once its key is withdrawn, whatever its exp says', async () => {
  const bearer = await token()
  assert.equal(await ask(bearer), 200)
  await op.exchangeKeys('withdrawn')
  nowMs += MAX_AGE_MS
  assert.equal(await ask(bearer), 'bearer-key-unknown')
  assert.equal(await ask(bearer), 'bearer-key-unknown')
})

test('a token is judged again as soon as another key becomes known', async () => {
  const bearer = await token()
  assert.equal(await ask(bearer), 200)
  await op.exchangeKeys('withdrawn')
  assert.equal((await new BrowserClient().get(`${lab.url}/`)).status, 200)
  assert.equal(await ask(bearer), 'bearer-key-unknown')
})

test('keys that are published still are good for what they signed', async () => {
  const bearer = await token()
  assert.equal(await ask(bearer), 200)
  await op.exchangeKeys('published')
  nowMs += MAX_AGE_MS
  assert.equal(await ask(bearer), 200)
})

test('while the OP is away its keys are good for the grace, and no longer; then it is asked again', async () => {
  const bearer = await token()
  assert.equal(await ask(bearer), 200)
  op.answerAt('/jwks', (_, response) => response.writeHead(500).end())
  nowMs += MAX_AGE_MS
  for (let request = 0; request < 3; request++) assert.equal(await ask(bearer), 200)
  nowMs += GRACE_MS
  assert.equal(await ask(bearer), 'op-unreachable')
  op.answerAt('/jwks')
  nowMs += 2000
  assert.equal(await ask(bearer), 200)
})

test('a clock that is set back makes no key last longer', async () => {
  const bearer = await token()
  assert.equal(await ask(bearer), 200)
  await op.exchangeKeys('withdrawn')
  nowMs -= 3000
  assert.equal(await ask(bearer), 'bearer-key-unknown')
})
