import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { AssertionIdentity } from '../../src/identity/assertion-identity.ts'

const LIFETIME_S = 60
const ISSUER = 'https://devops.example'
let nowMs = Date.now()
let directory: string
let [newKey, oldKey]: [string, string] = ['', '']

async function writeKey(name: string, namedCurve: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve })
  const file = join(directory, name)
  await writeFile(file, String(privateKey.export({ type: 'pkcs8', format: 'pem' })))
  return file
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-assertion-'))
  newKey = await writeKey('new.pem', 'P-256')
  oldKey = await writeKey('old.pem', 'P-256')
})
after(() => rm(directory, { recursive: true, force: true }))

const create = (...signingKeyFiles: string[]) =>
  AssertionIdentity.create(
    { field: 'X-Torhaus-Assertion', audience: 'devops', issuer: ISSUER, lifetimeSeconds: LIFETIME_S, signingKeyFiles },
    () => nowMs,
  )

async function assertionOf(identity: AssertionIdentity, account: string): Promise<string> {
  const { fields } = await identity.delegate(account)
  assert.equal(fields[0], 'X-Torhaus-Assertion')
  return fields[1] ?? ''
}

test('the assertion verifies with the published keys and says who, by whom, for whom and for how long', async () => {
  const identity = await create(newKey)
  const token = await assertionOf(identity, 'CORP\\ädä')
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys: [...identity.keySet.keys] }), {
    algorithms: ['ES256'],
    issuer: ISSUER,
    audience: 'devops',
    subject: 'CORP\\ädä',
    currentDate: new Date(nowMs),
  })
  assert.equal(Number(payload.exp) - Number(payload.iat), LIFETIME_S)
  assert.equal(payload.iat, Math.floor(nowMs / 1000))
  assert.equal(protectedHeader.kid, identity.keySet.keys[0]?.kid)
})

test('what is published is public', async () => {
  const identity = await create(newKey, oldKey)
  for (const key of identity.keySet.keys) {
    assert.equal(key.d, undefined)
    assert.partialDeepStrictEqual(key, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
  }
})

test('with two keys both are published, the first signs, and assertions of the old one still verify', async () => {
  const before = await assertionOf(await create(oldKey), 'ada')
  const rotated = await create(newKey, oldKey)
  const published = createLocalJWKSet({ keys: [...rotated.keySet.keys] })
  assert.equal(rotated.keySet.keys.length, 2)
  const currentDate = new Date(nowMs)
  assert.equal((await jwtVerify(before, published, { currentDate })).payload.sub, 'ada')
  const token = await assertionOf(rotated, 'ada')
  assert.equal(decodeProtectedHeader(token).kid, (await create(newKey)).keySet.keys[0]?.kid)
})

test('an assertion is reused for half of its lifetime, so that one never arrives about to expire', async () => {
  const identity = await create(newKey)
  const first = await assertionOf(identity, 'ada')
  nowMs += (LIFETIME_S / 2) * 1000 - 1
  assert.equal(await assertionOf(identity, 'ada'), first)
  assert.notEqual(await assertionOf(identity, 'carol'), first)
  nowMs += 1
  const second = await assertionOf(identity, 'ada')
  assert.ok(Number(decodeJwt(second).exp) > Number(decodeJwt(first).exp))
})

test('an assertion from before the clock was set back is of no use any more: it says that it was made later than now', async () => {
  const identity = await create(newKey)
  const early = await assertionOf(identity, 'ada')
  nowMs -= 3_600_000
  const { iat, exp } = decodeJwt(await assertionOf(identity, 'ada'))
  assert.deepEqual([iat, exp], [Math.floor(nowMs / 1000), Math.floor(nowMs / 1000) + LIFETIME_S])
  assert.ok(Number(decodeJwt(early).iat) > Number(iat))
})

test('a key on another curve is refused at the start', async () => {
  await assert.rejects(create(await writeKey('p384.pem', 'P-384')), /P-256/)
})
