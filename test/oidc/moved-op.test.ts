/** An OP that moves its keys under the same name is found again, and one that is away costs little and loses nothing. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, beforeEach, test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { OpenIdProvider } from '../../src/oidc/provider.ts'

const MINUTE_MS = 60_000
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }]

let issuer: string
let keysAt = '/keys'
let named = ''
let asked: string[] = []
const server = createServer((request, response) => {
  const { url = '' } = request
  asked.push(url)
  const metadata = {
    ...{ issuer: named, jwks_uri: `${issuer}${keysAt}` },
    ...{ authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
    ...{ response_types_supported: ['code'], subject_types_supported: ['public'] },
    id_token_signing_alg_values_supported: ['ES256'],
  }
  const content = url.includes('well-known') ? metadata : url === keysAt ? { keys } : undefined
  response.writeHead(content === undefined ? 404 : 200, { 'Content-Type': 'application/json' })
  response.end(JSON.stringify(content ?? {}))
})
before(async () => {
  issuer = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
})
after(() => {
  server.close()
  server.closeAllConnections()
})

let nowMs: number
let provider: OpenIdProvider
beforeEach(async () => {
  nowMs = 1_000_000_000
  keysAt = '/keys'
  named = issuer
  const settings = {
    ...{ issuer, clientId: 'torhaus', clockToleranceSeconds: 30, timeoutMs: 2000 },
    ...{ keysMaxAgeSeconds: 300, refreshGraceSeconds: 0, scopes: ['openid'], idToken: {} },
    ...{ tokenEndpointAuthMethod: 'none', clientAuthentication: { method: 'none' } },
  }
  provider = new OpenIdProvider(settings as never, () => nowMs)
  await provider.keys.keySet()
  asked = []
  nowMs += 10 * MINUTE_MS
})

const discoveries = () => asked.filter(path => path.includes('well-known')).length

test('where keys are gone, the metadata are read again, and the keys from where they are now', async () => {
  keysAt = '/moved'
  await assert.rejects(provider.keys.keySet(), { code: 'op-unreachable' })
  await eventually(async () => {
    nowMs += 2001
    return provider.keys.keySet().then(
      () => true,
      () => false,
    )
  }, 'there are keys again')
  assert.equal(discoveries(), 1)
  assert.equal((await provider.metadata()).serverMetadata().jwks_uri, `${issuer}/moved`)
})

test('an OP whose keys stay away is asked for its metadata once a minute, however often somebody needs keys', async () => {
  keysAt = '/moved'
  named = 'https://other.example'
  for (let count = 0; count < 30; count++) {
    await assert.rejects(provider.keys.keySet(), { code: 'op-unreachable' })
    nowMs += 4000
  }
  await eventually(() => discoveries() === 2, 'it was asked twice in two minutes')
  assert.equal(
    (await provider.metadata()).serverMetadata().jwks_uri,
    `${issuer}/keys`,
    'under another name nothing counts',
  )
})
