/** An OP that is away, another one, or one that does not know us. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Config, ProviderSettings } from '../../config/schema.ts'
import { createPlace } from '../../devkit/mistakes/place.ts'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { assertFound, configIn, found, onlyOf } from './doctor-lab.ts'

let proxy: ProxyUnderTest
let lying: LyingOp
let config: Config
before(async () => {
  lying = await startLyingOp()
  proxy = await startProxy({ configure: configured() })
  config = configIn(proxy.fixture.configFile)
})
after(async () => {
  await proxy?.close()
  await lying?.close()
})

const withOidc = (changed: Partial<ProviderSettings>): Config => ({
  ...config,
  oidc: { ...onlyOf(config), ...changed },
})
const withIssuer = (issuer: string) => withOidc({ issuer })
const ofProvider = (changed: Config, environment = {}) => found('provider', changed, { environment })

test('an OP that knows us is well, and nobody has signed in for that', async () => {
  assert.deepEqual(await ofProvider(config), [])
  assert.equal(proxy.fixture.op.signIns, 0)
})

test('a wrong secret, a client that is unknown, and a redirect URI that is not registered are told apart', async () => {
  const file = join(proxy.fixture.configFile, '../wrong-secret')
  writeFileSync(file, 'wrong', { mode: 0o600 })
  await assertFound(
    ofProvider(withOidc({ clientSecretFile: file })),
    /^error \(oidc\.clientSecretFile\) the OP does not accept this client: 401 invalid_client /,
  )
  const unknown = await ofProvider(withOidc({ clientId: 'somebody' }))
  assert.match(unknown[0] ?? '', /^error \(oidc\.clientSecretFile\) the OP does not accept this client/)
  await assertFound(
    ofProvider({ ...config, publicUrl: 'https://devops.example.com' }),
    /^error \(publicUrl\) the OP refuses a sign-in with the redirect URI https:\/\/devops\.example\.com\/\.torhaus\/callback \(400\)/,
  )
})

test('a client secret that has expired is said to be (Entra: AADSTS7000222)', async () => {
  const text = JSON.stringify({ error: 'invalid_client', error_description: 'AADSTS7000222: The secret has expired.' })
  lying.answerAt('/token', (_, response) => response.writeHead(401, { 'Content-Type': 'application/json' }).end(text))
  const findings = await ofProvider(withIssuer(lying.issuer))
  lying.answerAt('/token')
  assert.match(
    findings.join(),
    /error \(oidc\.clientSecretFile\) the client secret has expired: 401 invalid_client AADS/,
  )
})

test('a wrong path, another name and an OP that is away are told apart, each with its URL', async () => {
  const { issuer } = proxy.fixture.op
  await assertFound(
    ofProvider(withIssuer(`${issuer}/realms/other`)),
    /^error \(oidc\.issuer\) http:\S+\/realms\/other\/\.well-known\/openid-configuration answers 404/,
  )
  await assertFound(
    ofProvider(withIssuer(`${issuer}/`)),
    /^error \(oidc\.issuer\) the OP calls itself "http:\S+", but oidc\.issuer is "http:\S+\/"/,
  )
  await assertFound(
    ofProvider(withIssuer('http://127.0.0.1:9')),
    /^error \(oidc\.issuer\) the OP \(http:\/\/127\.0\.0\.1:9\) refuses connections/,
  )
  await assertFound(
    ofProvider(withIssuer('https://op.torhaus.invalid')),
    /^error \(oidc\.issuer\) the OP \(https:\/\/op\.torhaus\.invalid\) has a name that does not resolve/,
  )
})

test('an OP of a private authority, or of another name in its certificate, is said to be', async () => {
  using place = createPlace()
  const { certificate: cert, privateKeyFile } = place.authority.sign('DNS:op.example.com')
  const server = createServer({ cert, key: place.read(privateKeyFile.split('/').at(-1) ?? '') })
  try {
    const port = await listen(server, '127.0.0.1', 0)
    await assertFound(ofProvider(withIssuer(`https://127.0.0.1:${port}`)), /authority that is not trusted \(UNABLE_TO_/)
  } finally {
    await closeServer(server)
  }
})

test('an OP with an authority or a client authentication of its own is asked as a sign-in asks it', async () => {
  using place = createPlace()
  const { certificate: cert, privateKeyFile } = place.authority.sign('IP:127.0.0.1')
  const server = createServer({ cert, key: place.read(privateKeyFile.split('/').at(-1) ?? '') }, (_, response) =>
    response.writeHead(404).end(),
  )
  try {
    const issuer = `https://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`
    const caFile = place.file('op-authority')
    place.write('op-authority', place.authority.certificate)
    await assertFound(
      ofProvider(withOidc({ issuer, caFile })),
      /^error \(oidc\.issuer\) https:\S+ cannot be read: .*unexpected HTTP response status/,
    )
  } finally {
    await closeServer(server)
  }
  const posted = withOidc({ clientAuthentication: 'client_secret_post', clientSecretFile: place.file('client-secret') })
  place.write('client-secret', 'wrong')
  const findings = await ofProvider(posted)
  assert.match(findings.join('\n'), /^error \(oidc\.clientSecretFile\) the OP does not accept it for /m)
})

test('an OP without keys, or one that does not list what we ask for, is found', async () => {
  lying.answerAt('/jwks', (_, response) => response.end('{"keys":[]}'))
  lying.describe(metadata => ({ ...metadata, acr_values_supported: ['urn:other'] }))
  const findings = await ofProvider(withIssuer(lying.issuer))
  lying.answerAt('/jwks')
  lying.describe()
  assert.match(findings.join('\n'), /^error \(oidc\.issuer\) \S+\/jwks contains no signing key$/m)
  assert.match(
    findings.join('\n'),
    /^warning \(secondFactor\.acceptAcr\) the OP does not list \S+ in acr_values_supported$/m,
  )
})
