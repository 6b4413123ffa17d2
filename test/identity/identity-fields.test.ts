/**
 * The identity fields belong to Torhaus: nothing a client sends under their names, in any spelling, reaches the origin.
 */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { type EchoOrigin, startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { samplePat } from '../../devkit/origin/origin-fixture.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { startTorhausFixture, type TorhausFixture } from '../../devkit/torhaus/torhaus-fixture.ts'

let origin: EchoOrigin
let torhaus: TorhausFixture
let bearer: string

before(async () => {
  origin = await startEchoOrigin()
  torhaus = await startTorhausFixture({ upstreamUrl: origin.url })
  bearer = await torhaus.op.issueAccessToken('ada')
})
after(async () => {
  await torhaus?.close()
  await origin?.close()
})

function send(fields: Readonly<Record<string, string | string[]>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: torhaus.port, path: '/', headers: fields }
    request(options, response => resolve(response.resume().statusCode ?? 0))
      .on('error', reject)
      .end()
  })
}

const aliases = [
  ...[
    'X-Torhaus-Assertion',
    'x-torhaus-assertion',
    'X_Torhaus_Assertion',
    'X.Torhaus.Assertion',
    'X-Torhaus_Assertion',
  ],
  ...['X-TORHAUS.ASSERTION', 'X-Torhaus-Assertion-', 'X-Torhaus-Anything', 'X-Forwarded-User', 'X_Forwarded_User'],
]

const arrived = () => origin.requests.at(-1)?.fields ?? []

test('the origin can verify the assertion with the keys at /.torhaus/jwks.json', async () => {
  assert.equal(await send({ Authorization: `Bearer ${bearer}` }), 200)
  const [assertion = ''] = origin.requests.at(-1)?.all(agreed.assertionField) ?? []
  const keys = createRemoteJWKSet(new URL(`${torhaus.url}/.torhaus/jwks.json`))
  const { payload } = await jwtVerify(assertion, keys, { issuer: torhaus.url, audience: agreed.audience })
  assert.equal(payload.sub, 'ada')
  assert.deepEqual(origin.requests.at(-1)?.all('authorization'), [])
})

for (const alias of aliases) {
  test(`${alias} from outside never reaches the origin, with an identity of ours or without`, async () => {
    for (const token of [bearer, samplePat]) {
      assert.equal(await send({ Authorization: `Bearer ${token}`, [alias]: ['forged', 'forged twice'] }), 200)
      assert.doesNotMatch(JSON.stringify(arrived()), /forged/)
      const ours = arrived().filter(([name]) => name.toLowerCase() === 'x-torhaus-assertion')
      assert.equal(ours.length, token === bearer ? 1 : 0)
    }
  })
}

test('a personal access token travels as it is, and without an identity of ours', async () => {
  const authorization = `basic ${Buffer.from(`ada:${samplePat}`).toString('base64')}`
  assert.equal(await send({ Authorization: authorization }), 200)
  assert.deepEqual(origin.requests.at(-1)?.all('authorization'), [authorization])
})

test('a Connection field that names the assertion is refused', async () => {
  const seen = origin.requests.length
  assert.equal(await send({ Authorization: `Bearer ${bearer}`, Connection: 'close, X_Torhaus_Assertion' }), 400)
  assert.equal(origin.requests.length, seen)
})

test('an account outside ASCII arrives as UTF-8 in a plain field', async () => {
  const upstream = { url: origin.url, identity: { kind: 'header', header: { field: 'X-Account-Name' } } }
  const other = await startTorhausFixture({ upstreamUrl: origin.url, configure: config => ({ ...config, upstream }) })
  try {
    const token = await other.op.issueAccessToken('ada', { preferred_username: 'ädä' })
    const fields = { Authorization: `Bearer ${token}`, 'x_account.name': 'forged' }
    await fetch(other.url, { headers: fields })
    const [value = ''] = origin.requests.at(-1)?.all('x-account-name') ?? []
    assert.equal(Buffer.from(value, 'latin1').toString('utf8'), 'ädä')
    assert.doesNotMatch(JSON.stringify(arrived()), /forged/)
    assert.deepEqual(await (await fetch(`${other.url}/.torhaus/jwks.json`)).json(), { keys: [] })
  } finally {
    await other.close()
  }
})
