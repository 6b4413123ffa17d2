/** Each thing that is wrong on the first day, and the option that `torhaus op-check` names for it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { agreed, torhausAddresses, torhausClient, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { runTorhaus } from './command-lab.ts'

const PORT = 8444
let directory: string
let real: OpenIdProvider
let secure: LyingOp
let plain: LyingOp
let certificate: Certificate

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-op-check-'))
  const client = torhausClient(torhausAddresses(PORT), 'the right secret')
  real = await startOpenIdProvider({ users: [], audience: agreed.audience, clients: [client] })
  certificate = await createCertificate('IP:127.0.0.1')
  secure = await startLyingOp({ cert: certificate.certificate, key: certificate.privateKey })
  plain = await startLyingOp()
})
beforeEach(() => {
  for (const path of ['/token', '/authorize', '/jwks', '/.well-known/openid-configuration']) plain.answerAt(path)
  plain.describe()
})
after(async () => {
  await Promise.all([real?.close(), secure?.close(), plain?.close(), certificate?.remove()])
  await rm(directory, { recursive: true, force: true })
})

interface Report {
  readonly provider: string
  readonly findings: readonly { readonly check: string; readonly option: string; readonly message: string }[]
}

async function check(issuer: string, options: object = {}, secret = 'the right secret', port = PORT) {
  const setting = { port, adminPort: 0, upstreamUrl: 'http://127.0.0.1:1', issuer, clientSecret: secret, directory }
  const file = await writeTorhausConfig(setting, config => ({ ...config, oidc: { ...config.oidc, ...options } }))
  const { code, out, error } = await runTorhaus(['op-check', '--config', file, '--provider', 'oidc', '--json'])
  assert.equal(error, '')
  const report: Report = JSON.parse(out)
  return { code, report, options: report.findings.map(({ option }) => option), said: JSON.stringify(report.findings) }
}

test('where all is right there is nothing to find, and it ends with 0', async () => {
  const { code, report } = await check(real.issuer)
  assert.deepEqual([code, report.provider, report.findings], [0, 'oidc', []])
})

test('a wrong client secret is found by a code that nobody issued', async () => {
  const { code, options, said } = await check(real.issuer, {}, 'another secret')
  assert.deepEqual([code, options], [1, ['oidc.clientSecretFile']])
  assert.match(said, /invalid_client/)
})

test('an expired secret is told in the words of the OP', async () => {
  const body = {
    error: 'invalid_client',
    error_description: 'AADSTS7000222: The provided client secret keys are expired.',
  }
  plain.answerAt('/token', (_, response) =>
    response.writeHead(401, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
  )
  const { options, said } = await check(plain.issuer)
  assert.deepEqual(options, ['oidc.clientSecretFile'])
  assert.match(said, /AADSTS7000222/)
})

test('a wrong secret that is called unauthorized_client, with 401, is still the secret', async () => {
  plain.answerAt('/token', (_, response) =>
    response.writeHead(401, { 'Content-Type': 'application/json' }).end('{"error":"unauthorized_client"}'),
  )
  assert.deepEqual((await check(plain.issuer)).options, ['oidc.clientSecretFile'])
})

test('a page that names what it does not take is read as people see it', async () => {
  const page = '<html><head><title>client</title></head><body><script>client</script><p>Invalid parameter: claims</p>'
  plain.answerAt('/authorize', (_, response) => response.writeHead(400).end(page))
  const { options, said } = await check(plain.issuer, { requestFactorBy: 'claims.acr' })
  assert.deepEqual(options, ['oidc.acrValues'])
  assert.match(said, /claims\.acr asks for \(status 400\): Invalid parameter: claims"/)
})

test('a client for git that may not begin a device authorization', async () => {
  const { code, report } = await check(real.issuer, { deviceClientId: agreed.clientId })
  assert.deepEqual([code, report.findings.map(({ check }) => check)], [1, ['device']])
  assert.match(
    report.findings[0]?.message ?? '',
    /^torhaus cannot begin a device authorization: .* 401 .*invalid_client/,
  )
})

test('a redirect URI that is not registered is found without a sign-in', async () => {
  const { code, options, said } = await check(real.issuer, {}, 'the right secret', PORT + 1)
  assert.deepEqual([code, options], [1, ['publicUrl']])
  assert.ok(said.includes(torhausAddresses(PORT + 1).redirectUri))
})

test('a client that is not known is found, and its secret is not blamed', async () => {
  assert.deepEqual((await check(real.issuer, { clientId: 'other' })).options, ['oidc.clientId'])
})

test('an authority that nobody knows, and one that is in caFile', async () => {
  const { code, options } = await check(secure.issuer)
  assert.deepEqual([code, options], [1, ['oidc.caFile']])
  assert.deepEqual((await check(secure.issuer, { caFile: certificate.certificateFile })).options, [])
})

test('an issuer that is away, calls itself otherwise, or has nothing there', async () => {
  assert.deepEqual((await check('http://127.0.0.1:1')).options, ['oidc.issuer'])
  const slash = await check(`${real.issuer}/`)
  assert.deepEqual(slash.options, ['oidc.issuer'])
  assert.ok(slash.said.includes(real.issuer))
  plain.answerAt('/.well-known/openid-configuration', (_, response) => response.writeHead(404).end())
  assert.deepEqual((await check(plain.issuer)).options, ['oidc.issuer'])
})

test('a proxy that is away', async () => {
  assert.deepEqual((await check(real.issuer, { proxy: 'http://127.0.0.1:1' })).options, ['oidc.proxy'])
})

test('keys that are none', async () => {
  plain.answerAt('/jwks', (_, response) => response.writeHead(500).end())
  const { report } = await check(plain.issuer)
  assert.deepEqual(
    report.findings.map(({ check, option }) => [check, option]),
    [['keys', 'oidc.issuer']],
  )
})

test('a clock that goes wrong', async () => {
  plain.answerAt('/jwks', (_, response) => {
    const date = new Date(Date.now() + 600_000).toUTCString()
    response.writeHead(200, { Date: date }).end(JSON.stringify({ keys: [plain.publicKey] }))
  })
  assert.deepEqual((await check(plain.issuer)).options, ['oidc.clockToleranceSeconds'])
})

test('a scope that the client may not ask for', async () => {
  plain.answerAt('/authorize', (request, response) => {
    const asked = new URL(request.url ?? '', plain.issuer).searchParams
    const back = `${asked.get('redirect_uri')}?error=invalid_scope&error_description=no+such+scope`
    response.writeHead(302, { Location: back }).end()
  })
  assert.deepEqual((await check(plain.issuer)).options, ['oidc.scopes'])
})

for (const [option, settings, says] of [
  ['scopes', {}, { scopes_supported: ['openid'] }],
  ['acrValues', {}, { acr_values_supported: ['gold'] }],
  ['requestFactorBy', { requestFactorBy: 'claims.acr' }, { claims_parameter_supported: false }],
  ['responseMode', { responseMode: 'form_post' }, { response_modes_supported: ['query'] }],
  ['clientAuthentication', {}, { token_endpoint_auth_methods_supported: ['client_secret_post'] }],
  ['issuer', {}, { id_token_signing_alg_values_supported: ['HS256'] }],
  ['issuer', {}, { require_pushed_authorization_requests: true }],
  ['issuer', {}, { require_signed_request_object: true }],
  ['userinfo', { userinfo: true }, {}],
  ['deviceClientId', { deviceClientId: 'git' }, {}],
  ['issuerAliases', {}, { access_token_issuer: 'http://fs.corp.example/adfs/services/trust' }],
] as const) {
  test(`an OP whose metadata leave no room for ${option}: ${JSON.stringify(says)}`, async () => {
    plain.describe(right => ({ ...right, ...says }))
    const { code, options } = await check(plain.issuer, settings)
    assert.equal(code, 1)
    assert.deepEqual([...new Set(options)], [`oidc.${option}`])
  })
}

test('of several, one is named; in words each line begins with the option', async () => {
  const setting = { port: PORT, adminPort: 0, upstreamUrl: 'http://127.0.0.1:1', clientSecret: 's', directory }
  const file = await writeTorhausConfig({ ...setting, issuer: real.issuer }, ({ oidc, ...rest }) => ({
    ...rest,
    providers: {
      corp: { ...oidc, accounts: 'a.*' },
      other: { ...oidc, issuer: 'http://127.0.0.1:1', accounts: 'b.*' },
    },
  }))
  const run = (...more: string[]) => runTorhaus(['op-check', '--config', file, ...more])
  assert.equal((await run()).code, 2)
  assert.match((await run('--provider', 'nobody')).error, /nobody is not a provider; choose from: corp, other/)
  const { code, out } = await run('--provider', 'other')
  assert.equal(code, 1)
  assert.match(out, /^providers\.other\.issuer: /m)
})
