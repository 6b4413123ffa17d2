/** A real Chromium before Torhaus, a DevOps server behind it, and a person who signs in with password and TOTP. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { totp } from '../../devkit/op/totp.ts'
import { type ClientLab, startClientLab } from '../clients/client-lab.ts'

export type BrowserLab = ClientLab & {
  /** A page of the DevOps server, as people bookmark it. */
  readonly home: string
  /** A new browser, with nothing in it; `preferences` are Chromium's own. */
  open(preferences?: object): Promise<BrowserContext>
}

const EXECUTABLE = '/usr/bin/chromium'
// Nothing but the page under test: without these, Chromium looks for its maker's servers.
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
]
const ACTION_TIMEOUT_MS = 15_000

export async function startBrowserLab(): Promise<BrowserLab> {
  const lab = await startClientLab()
  const closing: (() => Promise<void>)[] = []
  return {
    ...lab,
    home: `${lab.torhaus.url}/DefaultCollection/`,
    async open(preferences) {
      const profile = await mkdtemp(join(tmpdir(), 'torhaus-chromium-'))
      closing.push(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))
      if (preferences !== undefined) await writePreferences(profile, preferences)
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: EXECUTABLE,
        args: FLAGS,
        // People have it, and pages come out of it that the test must see.
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
      })
      closing.push(() => context.close())
      context.setDefaultTimeout(ACTION_TIMEOUT_MS)
      return context
    },
    async close() {
      for (const close of closing.reverse()) await close()
      await lab.close()
    },
  }
}

async function writePreferences(profile: string, preferences: object): Promise<void> {
  await mkdir(join(profile, 'Default'))
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
}

/** Types name and password, then the code the authenticator app shows. */
export async function signInAs(
  page: Page,
  user: { name: string; password: string; totpSecret?: string },
): Promise<void> {
  await page.getByLabel('User name').fill(user.name)
  await page.getByLabel('Password').fill(user.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  if (user.totpSecret === undefined) return
  await page.getByLabel('Code').fill(totp(user.totpSecret, Date.now()))
  await page.getByRole('button', { name: 'Confirm' }).click()
}
