/** The server keeps the key set for a while: at no step of a rotation does it get an assertion that it cannot check. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { BrowserClient as Browser } from '../../devkit/clients/browser-client.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { type EchoOrigin, startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { agreed } from '../../devkit/torhaus/torhaus-config.ts'
import { startTorhausFixture, type TorhausFixture } from '../../devkit/torhaus/torhaus-fixture.ts'
import { FIRST_ASSERTION_KEY, restartWithAssertionKeys, writeAssertionKey } from './rotation.ts'

const NEW = 'assertion-key-2.pem'
let origin: EchoOrigin
let fixture: TorhausFixture
let browser: BrowserClient

before(async () => {
  origin = await startEchoOrigin()
  fixture = await startTorhausFixture({ upstreamUrl: origin.url })
  await writeAssertionKey(fixture, NEW)
  browser = new Browser()
  await signIn(browser, `${fixture.url}/`, fixture.users.ada)
})
after(async () => {
  await fixture?.close()
  await origin?.close()
})

const published = async () => (await (await fetch(`${fixture.url}/.torhaus/jwks.json`)).json()) as JSONWebKeySet

/** The key id of a fresh assertion; rejects unless that key set verifies it. */
async function verifiedBy(keys: JSONWebKeySet): Promise<string> {
  assert.equal((await browser.send(`${fixture.url}/`)).status, 200)
  const [assertion = ''] = origin.requests.at(-1)?.all(agreed.assertionField) ?? []
  const options = { issuer: fixture.url, audience: agreed.audience }
  const { protectedHeader, payload } = await jwtVerify(assertion, createLocalJWKSet(keys), options)
  assert.equal(payload.sub, 'ada')
  return String(protectedHeader.kid)
}

test('the new key is published before it signs, and the old one after it has signed', async () => {
  const first = await published()
  const old = await verifiedBy(first)
  await restartWithAssertionKeys(fixture, FIRST_ASSERTION_KEY, NEW)
  assert.equal(await verifiedBy(first), old, 'with the key set read before')
  const both = await published()
  assert.equal(both.keys.length, 2)
  await restartWithAssertionKeys(fixture, NEW, FIRST_ASSERTION_KEY)
  const fresh = await verifiedBy(both)
  assert.notEqual(fresh, old)
  assert.deepEqual((await published()).keys.map(({ kid }) => kid).sort(), [fresh, old].sort())
  await restartWithAssertionKeys(fixture, NEW)
  assert.equal(await verifiedBy(both), fresh)
  assert.deepEqual(
    (await published()).keys.map(({ kid }) => kid),
    [fresh],
  )
})
