/** A Keycloak, a realm as its page makes it, and Torhaus with the configuration that stands on the page. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'
import { type Keycloak, startKeycloak } from '../../devkit/op/keycloak.ts'
import { createRealm } from '../../devkit/op/keycloak-realm.ts'
import { newTotpSecret, totp } from '../../devkit/op/totp.ts'
import type { Credentials } from '../../devkit/op/user-agent.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { type LabOptions, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { torhausAddresses } from '../../devkit/torhaus/torhaus-config.ts'
import { configurationOfPage } from './page-configuration.ts'

export const REALM = 'corp'
const ACTION_TIMEOUT_MS = 60_000
/** Each code opens one sign-in at Keycloak: so many people, each with a secret of their own. `carol` has none. */
const NAMES = ['ada', 'bela', 'cleo', 'dora', 'egon', 'fritz', 'gwen', 'heidi', 'ivan', 'judy', 'karl']

export interface KeycloakLab {
  readonly keycloak: Keycloak
  readonly issuer: string
  /** Administration of the realm. */
  admin(method: string, path: string, content?: unknown): Promise<unknown>
  user(name: string): Credentials
  /** As on the page; the first one is who Keycloak tells of logouts. */
  readonly torhaus: SignInLab
  /** The same realm by another Torhaus, with another configuration and clock. */
  readonly other: SignInLab
  setClock(aheadMs: number): void
  /** A browser of somebody who was never here. */
  open(): Promise<BrowserContext>
  close(): Promise<void>
}

type Configure = NonNullable<LabOptions['configure']>

export async function startKeycloakLab(home: string, ofOther: Configure): Promise<KeycloakLab> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-keycloak-'))
  const [port, otherPort] = [await freePort(), await freePort()]
  const users: Credentials[] = [
    ...NAMES.map(name => ({ name, password: `${name} of corp`, totpSecret: newTotpSecret(randomBytes) })),
    { name: 'carol', password: 'carol of corp' },
  ]
  const clientSecret = randomBytes(24).toString('base64url')
  const secretFile = join(directory, 'client-secret')
  await writeFile(secretFile, clientSecret, { mode: 0o600 })
  const keycloak = await startKeycloak(home)
  const issuer = keycloak.issuerOf(REALM)
  const browser = await chromium.launch(CHROMIUM).catch(async (error: unknown) => {
    await keycloak.close()
    throw error
  })
  const opened: SignInLab[] = []
  const close = async () => {
    await browser.close()
    for (const lab of opened) await lab.close()
    await keycloak.close()
    await rm(directory, { recursive: true, force: true })
  }
  let aheadMs = 0
  try {
    const addresses = [torhausAddresses(port), torhausAddresses(otherPort)]
    await createRealm(keycloak, { name: REALM, clientSecret, addresses, users })
    const ofPage: Configure = configurationOfPage('keycloak', { issuer, secretFile })
    const torhaus = await startSignInLab({ issuer, port, configure: ofPage })
    opened.push(torhaus)
    const other = await startSignInLab({
      ...{ issuer, port: otherPort, now: () => Date.now() + aheadMs },
      configure: config => ofOther(ofPage(config) as typeof config),
    })
    opened.push(other)
    return {
      ...{ keycloak, issuer, torhaus, other, close },
      admin: (method, path, content) => keycloak.admin(method, `realms/${REALM}/${path}`, content),
      user: name => users.find(user => user.name === name) ?? { name, password: '' },
      async open() {
        const context = await browser.newContext()
        context.setDefaultTimeout(ACTION_TIMEOUT_MS)
        return context
      },
      setClock: ms => {
        aheadMs = ms
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** Types the password at the page of Keycloak, as it is labelled. */
export async function typePassword(page: Page, { name, password }: Credentials): Promise<void> {
  await page.getByLabel('Username or email').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign In' }).click()
}

export async function typeCode(page: Page, { totpSecret = '' }: Credentials): Promise<void> {
  await page.getByLabel('One-time code').fill(totp(totpSecret, Date.now()))
  await page.getByRole('button', { name: 'Sign In' }).click()
}
