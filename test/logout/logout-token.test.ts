/** Every check of a logout token: one that is right but for one thing is refused, and ends nothing. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { generateKeyPair } from 'jose'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { codeOf } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { type Changes, EVENT, type LogoutLab, rightClaims, startLogoutLab } from './logout-lab.ts'

const ADA = { sub: 'subject-of-ada', sid: 'sid-1' }
const nowS = () => Math.floor(Date.now() / 1000)
let lab: LogoutLab
let ada: BrowserClient

before(async () => {
  lab = await startLogoutLab()
  ada = await lab.open(ADA)
})
after(() => lab?.close())

async function assertRefused(answer: Response, code = 'logout-token-invalid', what = code): Promise<void> {
  assert.deepEqual([answer.status, codeOf(answer)], [400, code], what)
  assert.equal(answer.headers.get('cache-control'), 'no-store', what)
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, what)
  const problem = (await answer.json()) as Record<string, unknown>
  assert.equal(problem.error, 'invalid_request', what)
  assert.equal(typeof problem.error_description, 'string', what)
  assert.ok(await lab.isAlive(ada), `${what} ended the session`)
}

const wrongClaims: Record<string, Changes> = {
  'no iss': { iss: undefined },
  'another iss': { iss: 'https://op.evil.example' },
  'no aud': { aud: undefined },
  'another aud': { aud: 'somebody-else' },
  'no iat': { iat: undefined },
  'an iat that is text': { iat: String(nowS()) },
  'an iat too long ago': { iat: nowS() - 600 },
  'an iat in the future': { iat: nowS() + 600, exp: nowS() + 700 },
  'an iat that is no time': { iat: nowS() + 0.5 },
  'no exp': { exp: undefined },
  'an exp in the past': { exp: nowS() - 120 },
  'an exp that is text': { exp: String(nowS() + 120) },
  'an exp that is no time': { exp: 1e300 },
  'an nbf in the future': { nbf: nowS() + 600 },
  'no jti': { jti: undefined },
  'an empty jti': { jti: '' },
  'a jti that is a number': { jti: 7 },
  'no events': { events: undefined },
  'events that are a list': { events: [EVENT] },
  'events that are text': { events: EVENT },
  'another event': { events: { 'https://schemas.openid.net/secevent/risc/event-type/account-disabled': {} } },
  'an event that is no object': { events: { [EVENT]: true } },
  'an event that is null': { events: { [EVENT]: null } },
  'an event that is a list': { events: { [EVENT]: [] } },
  'a nonce': { nonce: 'n' },
  'a nonce that is null': { nonce: null },
  'neither sub nor sid': { sub: undefined, sid: undefined },
  'a sub that is no text': { sub: 7 },
  'a sub that is a list': { sub: [ADA.sub] },
  'an empty sub': { sub: '' },
  'a sid that is no text': { sid: { a: 1 } },
  'an empty sid': { sid: '' },
  'a sid that is null': { sid: null },
}

test('an OP whose clock differs as far as configured logs people out; one that differs more does not', async () => {
  const tolerant = await startLogoutLab({
    configure: config => ({ ...config, oidc: { ...config.oidc, clockToleranceSeconds: 150 } as typeof config.oidc }),
  })
  try {
    const browser = await tolerant.open(ADA)
    for (const [offsetS, status] of [
      [200, 400],
      [120, 200],
      [-320, 400],
      [-240, 200],
    ] as const) {
      const iat = nowS() + offsetS
      const answer = await tolerant.postToken(await tolerant.token({ ...ADA, iat, exp: iat + 120 }))
      assert.equal(answer.status, status, `${offsetS} s`)
    }
    assert.equal(await tolerant.isAlive(browser), false)
  } finally {
    await tolerant.close()
  }
})

for (const [what, change] of Object.entries(wrongClaims)) {
  test(`a logout token with ${what} is refused`, async () => {
    await assertRefused(await lab.postToken(await lab.token({ ...ADA, ...change })))
  })
}

for (const typ of ['at+jwt', 'application/at+jwt', 'secevent+jwt', 'id+jwt', '']) {
  test(`a logout token of the type "${typ}" is refused`, async () => {
    await assertRefused(await lab.postToken(await lab.token(ADA, { typ })))
  })
}

test('an ID token and an access token of the OP are no logout tokens', async () => {
  const { jti: _, events: __, ...claims } = rightClaims(lab.op.issuer)
  for (const typ of [undefined, 'JWT', 'at+jwt'])
    for (const more of [{ nonce: 'n' }, {}, { jti: 'j' }]) {
      const header = { ...lab.op.header, ...(typ === undefined ? {} : { typ }) }
      await assertRefused(await lab.postToken(await lab.op.sign(header, { ...claims, ...ADA, ...more })))
    }
})

test('a signature that is not the one of the OP is refused: other keys, HS256 with its public key, none, altered', async () => {
  const { privateKey } = await generateKeyPair('RS256')
  const { sign, header, publicKey, issuer } = lab.op
  const claims = { ...rightClaims(issuer), ...ADA }
  const secret = new TextEncoder().encode(JSON.stringify(publicKey))
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const [head, , signature] = (await lab.token(ADA)).split('.')
  for (const token of [
    await sign(header, claims, privateKey),
    await sign({ ...header, alg: 'HS256' }, claims, secret),
    await sign({ ...header, alg: 'HS256' }, claims, randomBytes(32)),
    `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`,
    `${encoded({ alg: 'none' })}.${encoded(claims)}.${signature}`,
    `${head}.${encoded(claims)}.${signature}`,
    `${head}.${encoded(claims)}.`,
  ])
    await assertRefused(await lab.postToken(token))
})

test('garbage in place of a token is refused', async () => {
  const long = 'a'.repeat(60_000)
  for (const token of ['', '.', '..', '...', 'a.b.c', 'null', '{}', '\0', 'ey.ey.ey', `${long}.${long.slice(1, 9)}.c`])
    await assertRefused(await lab.postToken(token), 'logout-token-invalid', token.slice(0, 20))
  const { header, sign } = lab.op
  for (const payload of ['null', '[]', '7', '"text"', '{', ''])
    await assertRefused(await lab.postToken(await sign(header, payload)), 'logout-token-invalid', payload)
})

test('a flood of made-up key ids is answered, and the OP is asked for its keys no oftener', async () => {
  await lab.postToken(await lab.token({ sub: 'nobody' }))
  const asked = lab.op.requests.jwks
  const tokens = await Promise.all(Array.from({ length: 100 }, (_, at) => lab.token(ADA, { kid: `made-up-${at}` })))
  for (const answer of await Promise.all(tokens.map(token => lab.postToken(token)))) await assertRefused(answer)
  assert.ok(lab.op.requests.jwks <= asked + 1, `${lab.op.requests.jwks - asked} requests`)
})

test('a token is used once: a second time it ends nothing, not even what was opened since', async () => {
  const bob = { sub: 'subject-of-bob', sid: 'sid-of-bob' }
  const first = await lab.open(bob)
  const token = await lab.token({ ...bob, iat: nowS() - 2 })
  assert.equal((await lab.postToken(token)).status, 200)
  assert.equal(await lab.isAlive(first), false)
  const second = await lab.open({ ...bob, sid: 'sid-2' })
  await assertRefused(await lab.postToken(token), 'logout-token-replayed')
  assert.ok(await lab.isAlive(second))
  const answers = await Promise.all(Array.from({ length: 5 }, () => lab.token({ ...bob, jti: 'once' })))
  const statuses = await Promise.all(answers.map(async again => (await lab.postToken(again)).status))
  assert.deepEqual(statuses.sort(), [200, 400, 400, 400, 400])
})

test('what the specification leaves open is accepted: several audiences, no type, the type of every JWT, claims of others', async () => {
  for (const [claims, header] of [
    [{ aud: ['another', agreed.clientId] }, {}],
    [{}, { typ: undefined }],
    [{}, { typ: 'JWT' }],
    [{}, { typ: 'application/logout+jwt' }],
    [{ trace_id: 'x', events: { [EVENT]: { more: 1 }, 'https://other.example/event': {} } }, {}],
  ] as const) {
    const person = { sub: 'subject-of-carol', sid: crypto.randomUUID() }
    const browser = await lab.open(person)
    const answer = await lab.postToken(await lab.token({ ...person, ...claims }, header))
    assert.equal(answer.status, 200, JSON.stringify([claims, header]))
    assert.equal(await lab.isAlive(browser), false)
  }
})

test('what was refused is in the audit log and in the metrics, and why it was in the access log', async () => {
  const before = await lab.metric('torhaus_op_logouts_total{channel="back",outcome="refused"}')
  const answer = await lab.postToken(await lab.token({ ...ADA, nonce: 'n' }))
  const id = answer.headers.get('x-request-id')
  const record = await lab.logged(
    ({ 'http.request.id': request, ...rest }) => request === id && rest['event.action'] === 'request',
  )
  assert.deepEqual(
    [record['torhaus.code'], record['torhaus.outcome'], record['error.message'], record['log.level']],
    ['logout-token-invalid', 'denied', 'there is a nonce', 'info'],
  )
  const refused = lab.audited('logout-refused').find(({ 'http.request.id': request }) => request === id)
  assert.deepEqual([refused?.['torhaus.code'], refused?.['event.outcome']], ['logout-token-invalid', 'failure'])
  assert.equal(await lab.metric('torhaus_op_logouts_total{channel="back",outcome="refused"}'), before + 1)
  assert.doesNotMatch(JSON.stringify(lab.log), /eyJ/)
})
