/** `torhaus op-check --sign-in`: somebody signs in, and it says what the tokens lack, with the option that is about it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { signIn } from '../../devkit/op/user-agent.ts'
import { agreed, torhausAddresses, torhausClient, writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { type Person, signInWords, trySignIn } from './tried-sign-in.ts'

const PORT = 8444
const { redirectUri } = torhausAddresses(PORT)
const ada = { name: 'ada', password: 'correct horse', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
const carol = { name: 'carol', password: 'battery staple' }
let directory: string
let real: OpenIdProvider
let lying: LyingOp

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-op-check-'))
  const client = torhausClient(torhausAddresses(PORT), 'the right secret')
  real = await startOpenIdProvider({ users: [ada, carol], audience: agreed.audience, clients: [client] })
  lying = await startLyingOp()
})
after(async () => {
  await Promise.all([real?.close(), lying?.close()])
  await rm(directory, { recursive: true, force: true })
})

interface Run {
  readonly issuer: string
  readonly options?: object
  readonly person: Person
}

const signedIn =
  (user: typeof ada | typeof carol) =>
  async (url: string): Promise<string> =>
    (await signIn(new BrowserClient(), url, user, address => address.startsWith(redirectUri))).url

async function check({ issuer, options = {}, person }: Run) {
  const setting = { port: PORT, adminPort: 0, upstreamUrl: 'http://127.0.0.1:1', clientSecret: 'the right secret' }
  const file = await writeTorhausConfig({ ...setting, issuer, directory }, config => ({
    ...config,
    ...options,
    oidc: { ...config.oidc, ...('oidc' in options ? (options.oidc as object) : {}) },
  }))
  return trySignIn(file, person)
}

test('where somebody with both factors has signed in, nothing is found', async () => {
  const secondFactor = {
    acceptAcr: [secondFactorAcr],
    rules: [
      { name: 'strict', when: { path: '/strict' }, require: 'second-factor', acceptAcr: ['gold'] },
      { name: 'fresh', when: { path: '/fresh' }, require: 'second-factor', maxAgeSeconds: 600 },
      { name: 'open', when: { path: '/open' }, require: 'first-factor', reason: 'tried' },
    ],
  }
  const { code, findings, skipped, tokens } = await check({
    ...{ issuer: real.issuer, person: signedIn(ada), options: { secondFactor } },
  })
  assert.deepEqual([code, findings, skipped, tokens.length], [0, [], [], 1])
  const { from, token, claims, account, acr, amr, rules } = tokens[0] ?? assert.fail()
  assert.deepEqual([from, token, account, acr], ['sign-in', 'ID token', 'ada', secondFactorAcr])
  assert.ok(amr?.includes('otp') && claims.includes('preferred_username'))
  assert.deepEqual(rules, [
    { rule: 'strict', verdict: 'second-factor-missing' },
    { rule: 'fresh', verdict: 'satisfied' },
    { rule: 'second-factor', verdict: 'satisfied' },
  ])
})

test('somebody with a password alone shows that no second factor is proven', async () => {
  const { code, options, findings } = await check({
    ...{ issuer: real.issuer, person: signedIn(carol) },
    options: { account: { template: '{upn}' }, oidc: { idToken: { groups: ['roles'] } } },
  })
  assert.deepEqual([code, options], [1, ['secondFactor', 'account', 'oidc.idToken']])
  assert.match(
    findings[0]?.message ?? '',
    /^no second factor is proven: acr=.*; accepted: acceptAcr urn:torhaus:acr:mfa$/,
  )
  assert.match(findings[1]?.message ?? '', /^the account \{upn\} lacks upn; claims received: .*preferred_username/)
  assert.match(findings[2]?.message ?? '', /^idToken\.groups: roles is missing$/)
})

const arrived = async (url: string) =>
  (await new BrowserClient().get(url, address => address.startsWith(redirectUri))).url

test('a time that is missing, in the future, or older than asked for', async () => {
  const nowS = Math.floor(Date.now() / 1000)
  for (const [authTime, option, says] of [
    [undefined, 'oidc.authTimeFromSignIn', /auth_time is missing/],
    [nowS + 600, 'oidc.clockToleranceSeconds', /auth_time is \d+ s ahead by our clock/],
    [nowS - 90_000, 'oidc.issuer', /ignores max_age/],
  ] as const) {
    lying.tell(({ sign, header, claims }) => sign(header, { ...claims, auth_time: authTime }))
    const { options, findings } = await check({ issuer: lying.issuer, person: arrived })
    lying.tell()
    assert.deepEqual(options, [option])
    assert.match(findings[0]?.message ?? '', says)
  }
})

test('a clock that is wrong, by when the token was issued', async () => {
  for (const [issuedS, expiresS, says] of [
    [-120, 600, /issued it 1[12]\d s behind our clock/],
    [-900, -600, /failed: .*exp is \d+ s ago by our clock/],
  ] as const) {
    lying.tell(({ sign, header, claims }) => {
      // Of the moment when the token is asked for, however long the program took to get there.
      const nowS = Math.floor(Date.now() / 1000)
      return sign(header, { ...claims, iat: nowS + issuedS, exp: nowS + expiresS })
    })
    const { options, findings } = await check({ issuer: lying.issuer, person: arrived })
    lying.tell()
    assert.deepEqual(options, ['oidc.clockToleranceSeconds'])
    assert.match(findings[0]?.message ?? '', says)
  }
})

test('a sign-in that cannot begin is said to be skipped, in words and in JSON', async () => {
  const nobody = () => assert.fail('nobody is asked')
  const { code, findings, skipped, tokens } = await check({ issuer: 'http://127.0.0.1:1', person: nobody })
  assert.deepEqual([code, findings.map(one => one.check), tokens], [1, ['discovery'], []])
  assert.deepEqual(skipped, [{ check: 'sign-in', why: 'it needs the metadata of the OP' }])
  const words = await signInWords(join(directory, 'torhaus.yaml'), nobody, nobody)
  assert.match(words, /cannot be read: .*\nskipped: the sign-in was not tried: it needs the metadata of the OP\n$/)
})

test('an address of somewhere else, and a person who says no', async () => {
  const elsewhere = await check({ issuer: lying.issuer, person: async () => 'https://devops.example.com/wiki' })
  assert.match(elsewhere.findings[0]?.message ?? '', /the address does not begin with http:\S+callback/)
  const refused = await check({
    issuer: lying.issuer,
    person: async url => {
      const state = new URL(url).searchParams.get('state')
      return `${redirectUri}?${new URLSearchParams({ error: 'access_denied', state: state ?? '', iss: lying.issuer })}`
    },
  })
  assert.equal(refused.code, 1)
  assert.match(refused.findings[0]?.message ?? '', /authorization endpoint: access_denied/)
})
