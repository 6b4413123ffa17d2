/** `torhaus op-check --sign-in` with a device flow, as git signs in: what the access token says, and what it lacks. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { connectDevice } from '../../devkit/op/connect-device.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { agreed, torhausAddresses, torhausClient, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { type DevicePerson, signInWords, trySignIn } from './tried-sign-in.ts'

const PORT = 8444
const { redirectUri } = torhausAddresses(PORT)
const ada = { name: 'ada', password: 'correct horse', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
const carol = { name: 'carol', password: 'battery staple' }
let directory: string
let op: OpenIdProvider

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-op-check-'))
  const client = torhausClient(torhausAddresses(PORT), 'the right secret')
  op = await startOpenIdProvider({
    ...{ users: [ada, carol], audience: agreed.audience },
    clients: [client, { clientId: agreed.deviceClientId, redirectUris: ['http://127.0.0.1'] }],
  })
})
after(async () => {
  await op?.close()
  await rm(directory, { recursive: true, force: true })
})

/** Each waits as long as the OP says before it asks for the token: so several at once, each with a file of its own. */
async function write(oidc: object): Promise<string> {
  const setting = { port: PORT, adminPort: 0, upstreamUrl: 'http://127.0.0.1:1', clientSecret: 'the right secret' }
  const own = await mkdtemp(join(directory, 'tried-'))
  return writeTorhausConfig({ ...setting, issuer: op.issuer, directory: own }, config => ({
    ...config,
    oidc: { ...config.oidc, deviceClientId: agreed.deviceClientId, ...oidc },
  }))
}

const inBrowser = async (url: string) =>
  (await signIn(new BrowserClient(), url, ada, address => address.startsWith(redirectUri))).url

const as =
  (user: typeof ada | typeof carol): DevicePerson =>
  async (link, code) =>
    assert.match((await connectDevice(link, code, user)).text, /Device connected/)

test('who signs in with both factors gets an access token that satisfies the rules, and it says so', async () => {
  const { code, findings, tokens } = await trySignIn(await write({}), inBrowser, as(ada))
  assert.deepEqual([code, findings], [0, []])
  const { from, token, account, acr, claims, rules } = tokens[1] ?? assert.fail('no report of the device flow')
  assert.deepEqual([from, token, account, acr], ['device', 'access token', 'ada', secondFactorAcr])
  assert.ok(claims.includes('client_id') && claims.includes('auth_time'))
  assert.deepEqual(rules, [{ rule: 'second-factor', verdict: 'satisfied' }])
})

test('a password alone at the device page: the words name claims, rule and option', async () => {
  const words = await signInWords(await write({}), inBrowser, as(carol))
  assert.match(
    words,
    /^ID token of the sign-in: .*preferred_username.*\n {2}acr "urn:torhaus:acr:mfa", .*account ada$/m,
  )
  assert.match(words, /^access token of the device: .*\n {2}acr "urn:torhaus:acr:pwd", acrs missing, .*account carol$/m)
  assert.match(words, /^ {2}rule second-factor: second-factor-missing$/m)
  assert.match(words, /^secondFactor: no second factor is proven: acr=urn:torhaus:acr:pwd/m)
})

const refused: readonly (readonly [what: string, oidc: object, option: string, says: RegExp])[] = [
  ['of another audience', { bearer: { audiences: ['elsewhere'] } }, 'oidc.bearer', /aud="devops".*accepted: elsewhere/],
  ['where none is accepted', { bearer: undefined }, 'oidc.bearer', /access tokens are not accepted/],
  [
    'of an algorithm that is not listed',
    { bearer: { audiences: [agreed.audience], algorithms: ['PS256'] } },
    ...(['oidc.bearer', /alg=\S+; accepted: PS256/] as const),
  ],
  [
    'that lacks groups',
    { accessToken: { groups: ['roles'] } },
    ...(['oidc.accessToken', /accessToken\.groups: roles is missing/] as const),
  ],
  [
    'that names the time otherwise',
    { accessToken: { authTime: 'when' } },
    ...(['oidc.accessToken', /when is missing/] as const),
  ],
  [
    'that lacks the account',
    { accessToken: { accountTemplate: '{upn}' } },
    ...(['account', /the account \{upn\} lacks upn; claims received: .*preferred_username/] as const),
  ],
]

suite('refused', { concurrency: 3 }, () => {
  for (const [what, oidc, option, says] of refused)
    test(`an access token ${what}`, async () => {
      const { code, options, findings } = await trySignIn(await write(oidc), inBrowser, as(ada))
      assert.deepEqual([code, options], [1, [option]])
      assert.equal(findings[0]?.check, 'device')
      assert.match(findings[0]?.message ?? '', says)
    })
})

test('who says no at the device page, and a client that may not begin', async () => {
  const no = await trySignIn(await write({}), inBrowser, async (link, code) => {
    const { origin, pathname } = new URL(link)
    const person = new BrowserClient()
    const hidden = (text: string) => /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
    const form = await person.get(origin + pathname)
    const question = await person.post(form.url, { xsrf: hidden(form.text), user_code: code })
    await person.post(form.url, { xsrf: hidden(question.text), user_code: code, abort: 'yes' })
  })
  assert.deepEqual(no.options, ['oidc.deviceClientId'])
  assert.match(no.findings[0]?.message ?? '', /device flow of git at http\S+ failed: .*access_denied/)
  const { options, skipped } = await trySignIn(await write({ deviceClientId: agreed.clientId }), inBrowser)
  assert.deepEqual(options, ['oidc.deviceClientId'])
  assert.deepEqual(skipped, [{ check: 'device', why: 'the device flow cannot begin' }])
})
