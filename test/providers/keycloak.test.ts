/** A real Keycloak, set up as docs/providers/keycloak.md says, and people at a real browser. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { keycloakHome } from '../../devkit/op/keycloak-distribution.ts'
import { allowEnrolment } from '../../devkit/op/keycloak-realm.ts'
import type { Credentials } from '../../devkit/op/user-agent.ts'
import { metricAt } from '../../devkit/torhaus/metric-at.ts'
import { codeOf, SESSION_COOKIE, type SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { trySignIn } from '../cli/tried-sign-in.ts'
import { startHelper } from './credential-helper.ts'
import { type KeycloakLab, REALM, startKeycloakLab, typeCode, typePassword } from './keycloak-lab.ts'
import { atSignIn, ofKeycloak, type Right } from './keycloak-wrong-values.ts'
import { BEHIND_TLS, optionsAt, optionsBehindTls } from './wrong-surroundings.ts'
import { optionsFound, wrongValues } from './wrong-values.ts'

const found = await keycloakHome()
const skip = 'missing' in found && `left out: a real Keycloak, for ${found.missing}`
/** For all of it: most is the start of Keycloak. */
const TIMEOUT_MS = 840_000
const OVERDUE_MS = 1_500_000
const CLOCK_AHEAD_MS = 60_000

suite('Keycloak', { skip, timeout: TIMEOUT_MS }, () => {
  let lab: KeycloakLab
  before(async () => {
    lab = await startKeycloakLab('home' in found ? found.home : '', config => ({
      ...config,
      oidc: { ...config.oidc, acrValues: ['pwd'], bearer: { audiences: ['elsewhere'] } },
      secondFactor: {
        acceptAcr: ['pwd', 'mfa'],
        rules: [{ name: 'area', when: { path: '/area' }, require: 'second-factor', acceptAcr: ['mfa'] }],
      },
    }))
  })
  after(() => lab?.close())

  /** What comes after the password, in a new browser. */
  async function pageOf(name: string, torhaus: SignInLab): Promise<Page> {
    const page = await (await lab.open()).newPage()
    await page.goto(`${torhaus.url}/page`)
    await typePassword(page, lab.user(name))
    return page
  }

  /** Signs in at the link of a device authorization, and lets it. */
  async function connectAt(page: Page, link: string, user: Credentials): Promise<void> {
    await page.goto(link)
    await typePassword(page, user)
    await typeCode(page, user)
    await page.getByRole('button', { name: 'Yes' }).click()
    await page.getByRole('heading', { name: 'Device Login Successful' }).waitFor()
  }

  async function signedIn(name: string): Promise<Page> {
    const page = await pageOf(name, lab.torhaus)
    await typeCode(page, lab.user(name))
    await page.waitForURL(`${lab.torhaus.url}/page`)
    return page
  }

  test('the code after the password lets a person in, under the account of the page', async () => {
    const page = await signedIn('ada')
    assert.equal(lab.torhaus.account(), 'ada')
    await page.context().close()
  })

  test('who takes the level out of the request gets in with the password at Keycloak, and not at Torhaus', async () => {
    const page = await (await lab.open()).newPage()
    await page.goto(`${lab.torhaus.url}/page`)
    const asked = new URL(page.url())
    assert.equal(asked.searchParams.get('claims'), '{"id_token":{"acr":{"essential":true,"value":"mfa"}}}')
    asked.searchParams.delete('claims')
    await page.goto(asked.href)
    await typePassword(page, lab.user('bela'))
    await page.getByRole('heading', { name: 'A second factor is needed' }).waitFor()
    const refused = await lab.torhaus.logged(
      entry => entry['torhaus.code'] === 'second-factor-missing' && 'error.message' in entry,
    )
    assert.match(String(refused['error.message']), /acr="pwd".*required: acr/)
    await page.context().close()
  })

  test('who has no code yet is refused at Keycloak; where "Configure OTP" is enabled, the password alone makes one', async () => {
    const shown = async () => {
      const page = await pageOf('carol', lab.torhaus)
      const heading = await page.getByRole('heading', { level: 1 }).textContent()
      await page.context().close()
      return heading?.trim()
    }
    assert.equal(await shown(), 'We are sorry...')
    await allowEnrolment(lab.keycloak, REALM, true)
    assert.equal(await shown(), 'Mobile Authenticator Setup')
    await allowEnrolment(lab.keycloak, REALM, false)
  })

  test('a stricter rule asks for the code alone', async () => {
    const page = await pageOf('cleo', lab.other)
    await page.waitForURL(`${lab.other.url}/page`)
    await page.goto(`${lab.other.url}/area`)
    assert.equal(await page.getByLabel('Password', { exact: true }).count(), 0)
    await typeCode(page, lab.user('cleo'))
    await page.waitForURL(`${lab.other.url}/area`)
    assert.equal(lab.other.account(), 'cleo')
    await page.context().close()
  })

  test('signing out here ends at Keycloak, and there ends here', async () => {
    const page = await signedIn('dora')
    await page.goto(`${lab.torhaus.url}/.torhaus/sign-out`)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${lab.torhaus.url}/.torhaus/signed-out`)
    await page.goto(`${lab.torhaus.url}/page`)
    await page.getByLabel('Password', { exact: true }).waitFor()
    await page.context().close()
    const there = await signedIn('egon')
    await there.goto(`${lab.issuer}/protocol/openid-connect/logout`)
    await there.getByRole('button', { name: 'Logout' }).click()
    const record = await lab.torhaus.logged(
      ({ 'event.action': action, 'user.name': name }) => action === 'back-channel-logout' && name === 'egon',
    )
    assert.equal(record['torhaus.sessions'], 1)
    await there.goto(`${lab.torhaus.url}/page`)
    await there.getByLabel('Password', { exact: true }).waitFor()
    await there.context().close()
  })

  test('git signs in by device authorization, with the code, and its token opens what asks for a second factor', async () => {
    const helper = await startHelper(['--issuer', lab.issuer, '--client-id', 'git', '--acr-values', 'mfa'])
    const page = await (await lab.open()).newPage()
    await connectAt(page, helper.link, lab.user('gwen'))
    const password = /^password=(.+)$/m.exec(await helper.output)?.[1] ?? ''
    const answer = await fetch(`${lab.torhaus.url}/page`, { headers: { Authorization: `Bearer ${password}` } })
    assert.equal(answer.status, 200, await answer.text())
    assert.equal(lab.torhaus.account(), 'gwen')
    const elsewhere = await fetch(`${lab.other.url}/page`, { headers: { Authorization: `Bearer ${password}` } })
    assert.deepEqual([elsewhere.status, codeOf(elsewhere)], [401, 'bearer-audience-mismatch'])
    const refused = await lab.other.logged(entry => entry['torhaus.code'] === 'bearer-audience-mismatch')
    assert.match(String(refused['error.message']), /^aud is .*"devops".*; accepted: elsewhere$/)
    await page.context().close()
  })

  for (const wrong of [...wrongValues, ...ofKeycloak]) {
    test(`op-check, with ${wrong.name} wrong`, async () => {
      const { code, options, messages } = await optionsFound(lab.torhaus.configFile, wrong)
      assert.deepEqual(
        [[...new Set(options)], code],
        [wrong.options, wrong.options.length === 0 ? 0 : 1],
        messages.join('\n'),
      )
      assert.match(messages.join('\n'), wrong.says ?? /^/)
    })
  }

  test('op-check, with the authority or the clock wrong', async () => {
    const { configFile } = lab.torhaus
    assert.deepEqual(await optionsBehindTls(configFile), BEHIND_TLS)
    const page = await (await lab.open()).newPage()
    // It sends no Date field: only a token says what time it is there.
    const found = await optionsAt(configFile, CLOCK_AHEAD_MS, async url => {
      await page.goto(url)
      await typePassword(page, lab.user('karl'))
      await typeCode(page, lab.user('karl'))
      await page.getByText('sign-in-unknown').waitFor()
      return page.url()
    })
    assert.deepEqual(found, ['oidc.clockToleranceSeconds'])
    await page.context().close()
  })

  test('op-check --sign-in finds nothing wrong with the tokens of the page, by browser and by device', async () => {
    const page = await (await lab.open()).newPage()
    const device = await (await lab.open()).newPage()
    const { findings, tokens, code } = await trySignIn(
      lab.torhaus.configFile,
      async url => {
        await page.goto(url)
        await typePassword(page, lab.user('ivan'))
        await typeCode(page, lab.user('ivan'))
        // A Torhaus that did not ask leaves the code, and the address, alone.
        await page.getByText('sign-in-unknown').waitFor()
        return page.url()
      },
      url => connectAt(device, url, lab.user('judy')),
    )
    assert.deepEqual([findings, code], [[], 0])
    const satisfied = { acr: 'mfa', rules: [{ rule: 'second-factor', verdict: 'satisfied' }] }
    assert.deepEqual(
      tokens.map(({ from, account, acr, rules }) => ({ from, account, acr, rules })),
      [
        { from: 'sign-in', account: 'ivan', ...satisfied },
        { from: 'device', account: 'judy', ...satisfied },
      ],
    )
    await page.context().close()
    await device.context().close()
  })

  test('at the sign-in the log names the secret, the level and the claim that are wrong', async () => {
    const page = await pageOf('heidi', lab.other)
    await page.waitForURL(`${lab.other.url}/page`)
    let right: Right | undefined
    for (const [wrong, code, says] of atSignIn) {
      await lab.other.restart(config => {
        right ??= config as Right
        return { ...right, ...wrong(right) }
      })
      await page.context().clearCookies({ name: SESSION_COOKIE })
      await page.goto(`${lab.other.url}/page`)
      await page.getByText(code).waitFor()
      const [, id] = /request (\S+)/.exec(String(await page.evaluate('document.body.innerText'))) ?? []
      const record = await lab.other.logged(
        entry => entry['http.request.id'] === id && entry['event.action'] === 'request',
      )
      assert.match(String(record['error.message']), says)
    }
    await lab.other.restart(() => right ?? {})
    await page.context().close()
  })

  test('the keys change while people are signed in, and one who is disabled at Keycloak is out at the next refresh', async () => {
    const page = await pageOf('fritz', lab.other)
    await page.waitForURL(`${lab.other.url}/page`)
    const activeKey = async () => ((await lab.admin('GET', 'keys')) as { active: { RS256: string } }).active.RS256
    const first = await activeKey()
    const keys = { name: 'next', providerId: 'rsa-generated', providerType: 'org.keycloak.keys.KeyProvider' }
    await lab.admin('POST', 'components', { ...keys, config: { priority: ['200'] } })
    assert.notEqual(await activeKey(), first)
    lab.setClock(OVERDUE_MS)
    await page.goto(`${lab.other.url}/page`)
    assert.equal(page.url(), `${lab.other.url}/page`)
    assert.equal(await metricAt(lab.other.adminUrl, 'torhaus_session_refreshes_total{outcome="refreshed"}'), 1)
    const [user] = (await lab.admin('GET', 'users?username=fritz')) as { id: string }[]
    await lab.admin('PUT', `users/${user?.id}`, { ...user, enabled: false })
    lab.setClock(2 * OVERDUE_MS)
    await page.goto(`${lab.other.url}/page`)
    await page.getByLabel('Password', { exact: true }).waitFor()
    await page.context().close()
  })
})
