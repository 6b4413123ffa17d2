/** Our own pages as an operator made them look, in a real Chromium. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { linkIn } from '../grants/grants-lab.ts'
import { type AccessibilityCheck, startAccessibilityCheck } from './axe.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

const logo = (color: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" fill="${color}"/></svg>`
const SHOWN = 'document.querySelector("header img").naturalWidth > 0'
const ACCENT = 'getComputedStyle(document.querySelector("a, .button")).getPropertyValue("--accent")'

let directory: string
let lab: BrowserLab
let check: AccessibilityCheck
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-look-'))
  const [logoFile, logoDarkFile] = [join(directory, 'logo.svg'), join(directory, 'dark.svg')]
  writeFileSync(logoFile, logo('#7a1f5c'))
  writeFileSync(logoDarkFile, logo('#e58ac4'))
  lab = await startBrowserLab(config => ({
    ...config,
    appearance: {
      ...{ name: 'Rocket & Co', logoFile, logoDarkFile, accentColor: '#7a1f5c', accentColorDark: '#e58ac4' },
      ...{ helpText: 'Rings at the <desk>: 4711.\nMondays, too.', helpUrl: 'https://help.rocket.example/torhaus' },
    },
  }))
  check = await startAccessibilityCheck()
})
after(async () => {
  await check?.[Symbol.asyncDispose]()
  await lab?.close()
  await rm(directory, { recursive: true })
})

const own = (path: string) => `${lab.torhaus.url}/.torhaus/${path}`

/** What the browser says against the page, as of a policy that was violated. */
const complaints: string[] = []

async function looksRight(page: Page, title: string | RegExp): Promise<void> {
  await page.getByRole('heading', { name: title, level: 1 }).waitFor()
  const where = await page.title()
  assert.match(where, / · Rocket & Co$/)
  await page.getByRole('img', { name: 'Rocket & Co' }).waitFor()
  assert.equal(await page.evaluate(SHOWN), true, `${where}: the logo is loaded`)
  for (const [colorScheme, accent] of [
    ['light', '#7a1f5c'],
    ['dark', '#e58ac4'],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    assert.equal(await page.evaluate(ACCENT), accent, where)
  }
  await page.getByText('Rings at the <desk>: 4711.').waitFor()
  assert.equal(
    await page.getByRole('link', { name: 'Help desk' }).getAttribute('href'),
    'https://help.rocket.example/torhaus',
  )
  assert.deepEqual(await check.violations(page), [], where)
}

test('logo, colours, help text and the way to the help desk are on each page of ours', {
  timeout: 720_000,
}, async () => {
  const page = await (await lab.open()).newPage()
  page.on('console', message => complaints.push(message.text()))
  await page.goto(own('signed-out'))
  await looksRight(page, 'You are signed out')
  await page.goto(own('sign-in'))
  await signInAs(page, lab.torhaus.users.ada)
  await page.goto(own(''))
  await looksRight(page, 'You are signed in')
  const headers = {
    Authorization: `Bearer ${await lab.bearer({ acr: undefined, amr: ['pwd'] })}`,
    'User-Agent': 'git/2.50.1',
  }
  const refused = await fetch(`${lab.gitUrl}/info/refs?service=git-upload-pack`, { headers })
  await page.goto(linkIn(await refused.text()))
  await looksRight(page, 'Confirm this access?')
  for (const [path, title] of [
    ['git', 'git and this server'],
    ['sign-out', 'Sign out?'],
    ['no-such-page', 'No such page'],
  ] as const) {
    await page.goto(own(path))
    await looksRight(page, title)
  }
  assert.deepEqual(
    complaints.filter(text => /policy|refused/i.test(text)),
    [],
  )
  await page.context().close()
})

test('pictures come with the page, and from nowhere else', async () => {
  const { headers, text } = await new BrowserClient().send(own('signed-out'))
  const policy = headers.get('Content-Security-Policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /img-src data:;/)
  assert.doesNotMatch(policy, /img-src[^;]*('self'|http)/)
  assert.doesNotMatch(text, /<svg|<desk>/, 'as a picture, and as text')
})
