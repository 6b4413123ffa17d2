/** The pages of Torhaus in German, in a Chromium whose person reads German: all of it, and nobody is hindered. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { english } from '../../src/texts/english.ts'
import { german } from '../../src/texts/german.ts'
import { linkIn } from '../grants/grants-lab.ts'
import { type AccessibilityCheck, startAccessibilityCheck } from './axe.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let lab: BrowserLab
let check: AccessibilityCheck
before(async () => {
  lab = await startBrowserLab()
  check = await startAccessibilityCheck()
})
after(async () => {
  await check?.[Symbol.asyncDispose]()
  await lab?.close()
})

const own = (path: string) => `${lab.torhaus.url}/.torhaus/${path}`

/** Texts that are nowhere in a German page: those that are long enough to be nothing else. */
const inEnglish = Object.entries(english)
  .filter(([key, text]) => text.length > 12 && !text.includes('{') && german[key as keyof typeof english] !== text)
  .map(([, text]) => text)

async function isGerman(page: Page, title: string): Promise<void> {
  await page.getByRole('heading', { name: title, level: 1 }).waitFor()
  assert.equal(await page.evaluate('document.documentElement.lang'), 'de', title)
  const seen = (await page.evaluate('document.body.innerText')) as string
  assert.deepEqual(
    inEnglish.filter(text => seen.includes(text)),
    [],
    title,
  )
  assert.deepEqual(await check.violations(page), [], title)
}

test('from the sign-in to the sign-out, whoever reads German reads German', { timeout: 720_000 }, async () => {
  const page = await (await lab.open({ intl: { accept_languages: 'de-AT,de' } })).newPage()
  await page.goto(own('sign-in'))
  await signInAs(page, lab.torhaus.users.ada)
  await page.goto(own(''))
  await isGerman(page, 'Sie sind angemeldet')
  const headers = {
    Authorization: `Bearer ${await lab.bearer({ acr: undefined, amr: ['pwd'] })}`,
    'User-Agent': 'git/2.50.1',
  }
  const refused = await fetch(`${lab.gitUrl}/info/refs?service=git-upload-pack`, { headers })
  const link = linkIn(await refused.text())
  await page.goto(link)
  await isGerman(page, 'Diesen Zugriff bestätigen?')
  await page.getByRole('button', { name: 'Bestätigen' }).click()
  await signInAs(page, lab.torhaus.users.ada)
  await isGerman(page, 'Bestätigt')
  await page.goto(own(''))
  await page.getByRole('button', { name: 'Zurücknehmen: git von 127.0.0.1' }).waitFor()
  await isGerman(page, 'Sie sind angemeldet')
  for (const [path, title] of [
    ['git', 'git und dieser Server'],
    ['disowned/password', 'Dieser Zugriff ist abgelehnt'],
    ['disowned/token', 'Dieser Zugriff ist abgelehnt'],
    ['none', 'Diese Seite gibt es nicht'],
    [link.slice(own('').length), 'Hier gibt es nichts zu bestätigen'],
    ['sign-out', 'Abmelden?'],
    ['signed-out', 'Sie sind noch angemeldet'],
  ] as const) {
    await page.goto(own(path))
    await isGerman(page, title)
  }
  await page.goto(own('sign-out'))
  await page.getByRole('button', { name: 'Abmelden' }).click()
  await page.waitForURL(/^(?!.*\/sign-out)/)
  await page.goto(own('signed-out'))
  await isGerman(page, 'Sie sind abgemeldet')
  await page.context().close()
})
