/** A real Chromium, and a person who signs in there with password and TOTP. */
import { access } from 'node:fs/promises'
import type { LaunchOptions, Page } from 'playwright-core'
import { totp } from '../op/totp.ts'
import type { Credentials } from '../op/user-agent.ts'

const EXECUTABLE = '/usr/bin/chromium'

export const CHROMIUM = {
  executablePath: EXECUTABLE,
  // Nothing but the page under test: without these, Chromium looks for its maker's servers.
  args: [
    ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
    ...['--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
  ],
  // People have it, and pages come out of it that the test must see.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
} satisfies LaunchOptions

export const hasChromium = () =>
  access(EXECUTABLE).then(
    () => true,
    () => false,
  )

/** Types name and password, then the code the authenticator app shows. */
export async function signInAs(page: Page, { name, password, totpSecret }: Credentials): Promise<void> {
  await page.getByLabel('User name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  if (totpSecret === undefined) return
  await page.getByLabel('Code').fill(totp(totpSecret, Date.now()))
  await page.getByRole('button', { name: 'Confirm' }).click()
}
