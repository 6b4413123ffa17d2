/** `oidc-provider` as an OP, and people at a real Chromium; what one sees of a sign-in there is in test/browser/. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM, signInAs } from '../../devkit/clients/chromium.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../devkit/op/openid-provider.ts'
import { newSigningKey } from '../../devkit/op/signing.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { agreed, torhausAddresses, torhausClient } from '../../devkit/torhaus/torhaus-config.ts'
import { startHelper } from './credential-helper.ts'

const SECRET = 'a secret of the test'
const ACTION_TIMEOUT_MS = 60_000
const OVERDUE_MS = 1_500_000
const FRESH_S = 10
const ada = { name: 'ada', password: 'correct horse', totpSecret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' }
const carol = { name: 'carol', password: 'battery staple' }
let aheadMs = 0
let opPort: number
let op: OpenIdProvider
let lab: SignInLab
let browser: Browser

/** With the keys of one before, where there was one, and a new one that signs. */
async function startOp(port: number, earlier: OpenIdProvider['jwks']['keys'] = []): Promise<OpenIdProvider> {
  const git = { clientId: agreed.deviceClientId, redirectUris: ['http://127.0.0.1'] }
  return startOpenIdProvider({
    ...{ users: [ada, carol], audience: agreed.audience, port: opPort },
    clients: [
      torhausClient(torhausAddresses(port), SECRET, true),
      { ...git, metadata: { application_type: 'native' } },
    ],
    jwks: { keys: [await newSigningKey(), ...earlier] },
  })
}

before(async () => {
  const port = await freePort()
  opPort = await freePort()
  op = await startOp(port)
  lab = await startSignInLab({
    ...{ issuer: op.issuer, port, now: () => Date.now() + aheadMs },
    configure(config) {
      const fresh = { name: 'fresh', when: { path: '/area' }, require: 'second-factor', maxAgeSeconds: FRESH_S }
      return { ...config, secondFactor: { ...config.secondFactor, rules: [fresh] } }
    },
  })
  await writeFile(join(dirname(lab.configFile), 'client-secret'), SECRET)
  await lab.restart()
  browser = await chromium.launch(CHROMIUM)
})
after(async () => {
  await browser?.close()
  await lab?.close()
  await op?.close()
})

async function newPage(): Promise<Page> {
  aheadMs = 0
  const page = await browser.newPage()
  page.setDefaultTimeout(ACTION_TIMEOUT_MS)
  await page.goto(`${lab.url}/page`)
  return page
}

async function signedIn(): Promise<Page> {
  const page = await newPage()
  await signInAs(page, ada)
  await page.waitForURL(`${lab.url}/page`)
  return page
}

test('the password alone is refused', async () => {
  const page = await newPage()
  await signInAs(page, carol)
  await page.getByRole('heading', { name: 'A second factor is needed' }).waitFor()
  await page.context().close()
})

test('a stricter rule asks for password and code anew', async () => {
  const page = await signedIn()
  await sleep((FRESH_S + 2) * 1000)
  await page.goto(`${lab.url}/area`)
  await signInAs(page, ada)
  await page.waitForURL(`${lab.url}/area`)
  await page.context().close()
})

test('signing out there ends here, and signing out here ends there', async () => {
  const page = await signedIn()
  await page.goto(`${op.issuer}/session/end`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await lab.logged(({ 'event.action': action }) => action === 'back-channel-logout')
  await page.goto(`${lab.url}/page`)
  await signInAs(page, ada)
  await page.waitForURL(`${lab.url}/page`)
  await page.goto(`${lab.url}/.torhaus/sign-out`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  await page.goto(`${lab.url}/page`)
  await page.getByLabel('Password').waitFor()
  await page.context().close()
})

test('the OP is asked again when it is due', async () => {
  const page = await signedIn()
  aheadMs = OVERDUE_MS
  await page.goto(`${lab.url}/page`)
  assert.equal(page.url(), `${lab.url}/page`)
  assert.equal(await metricAt(lab.adminUrl, 'torhaus_session_refreshes_total{outcome="refreshed"}'), 1)
  await page.context().close()
})

test('git signs in by device authorization, with the code', async () => {
  const helper = await startHelper([
    ...['--issuer', op.issuer, '--client-id', agreed.deviceClientId, '--acr-values', secondFactorAcr],
  ])
  const page = await newPage()
  await page.goto(helper.link)
  await page.getByRole('button', { name: 'Yes, continue' }).click()
  await signInAs(page, ada)
  await page.getByRole('heading', { name: 'Device connected' }).waitFor()
  const password = /^password=(.+)$/m.exec(await helper.output)?.[1] ?? ''
  const answer = await fetch(`${lab.url}/page`, { headers: { Authorization: `Bearer ${password}` } })
  assert.deepEqual([answer.status, lab.account()], [200, 'ada'])
  await page.context().close()
})

test('another key signs from now on: who is in stays in, and the next one gets in', async () => {
  const early = await signedIn()
  const { keys } = op.jwks
  await op.close()
  op = await startOp(lab.port, keys)
  const late = await signedIn()
  assert.equal(op.requests.jwks, 1)
  for (const page of [early, late]) {
    await page.goto(`${lab.url}/page`)
    assert.equal(page.url(), `${lab.url}/page`)
    await page.context().close()
  }
})
