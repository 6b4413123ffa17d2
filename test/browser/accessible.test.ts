/** No page of Torhaus hinders people who do not see it, or not well: WCAG 2.2 AA, light and dark, by axe-core. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { plainPages } from '../../devkit/torhaus/plain-pages.ts'
import { DEPARTURE, movingPage } from '../../src/refusal/moving-page.ts'
import { linkIn } from '../grants/grants-lab.ts'
import { startSeveralLab } from '../profiles/several-lab.ts'
import { type AccessibilityCheck, startAccessibilityCheck } from './axe.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

let lab: BrowserLab
let check: AccessibilityCheck
before(async () => {
  lab = await startBrowserLab(config => ({
    ...config,
    credentials: {
      ...config.credentials,
      patProof: { profile: 'azure-devops' },
      patPolicy: { confirm: 'first-use', reportOnly: false },
    },
  }))
  check = await startAccessibilityCheck()
})
after(async () => {
  await check?.[Symbol.asyncDispose]()
  await lab?.close()
})

const own = (path: string) => `${lab.torhaus.url}/.torhaus/${path}`
const clean = async (page: Page, name: string | RegExp) => {
  await page.getByRole('heading', { name, level: 1 }).waitFor()
  assert.deepEqual(await check.violations(page), [], String(name))
}

/** A grant of git and one of a token to confirm. */
async function links(): Promise<{ readonly grant: string; readonly token: string }> {
  const oneFactor = await lab.bearer({ acr: undefined, amr: ['pwd'] })
  const asGit = async (Authorization: string) => {
    const headers = { Authorization, 'User-Agent': 'git/2.50.1' }
    return linkIn(await (await fetch(`${lab.gitUrl}/info/refs?service=git-upload-pack`, { headers })).text())
  }
  return { grant: await asGit(`Bearer ${oneFactor}`), token: await asGit(`Basic ${btoa(`ada:${lab.pat}`)}`) }
}

async function confirm(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await clean(page, 'Confirm this access?')
  await page.getByRole('button', { name: 'Confirm' }).click()
  await signInAs(page, lab.torhaus.users.ada)
  await clean(page, /./)
}

test('the pages of Torhaus itself, on the way of a person from the sign-in to the sign-out', {
  timeout: 720_000,
}, async () => {
  const browser = await lab.open()
  const page = await browser.newPage()
  await page.goto(own('sign-in'))
  await signInAs(page, lab.torhaus.users.ada)
  const { grant, token } = await links()
  await confirm(page, grant)
  await confirm(page, token)
  await page.goto(own(''))
  await clean(page, 'You are signed in')
  for (const what of ['password', 'token']) {
    await page.goto(own(`disowned/${what}`))
    await clean(page, 'This access is refused')
  }
  await page.goto(own('git'))
  await clean(page, /./)
  for (const path of ['no-such-page', 'confirm/ABCD-EFGH']) {
    await page.goto(own(path))
    await clean(page, /./)
  }
  await page.goto(own('sign-out'))
  await clean(page, 'Sign out?')
  await page.goto(own('signed-out'))
  await clean(page, /./)
  await browser.close()
})

test('the page to choose a provider at, and the one that carries a fragment past the sign-in', async () => {
  const page = await (await lab.open()).newPage()
  const several = await startSeveralLab()
  try {
    await page.setContent((await new BrowserClient().get(`${several.url}/wanted`)).text)
    await clean(page, 'Where do you sign in?')
  } finally {
    await several.close()
  }
  const paper = plainPages().in('en')
  await page.setContent(movingPage(paper, DEPARTURE, '/on').text.replace(/<script>.*?<\/script>/s, ''))
  await clean(page, 'Continue to sign-in')
  await page.context().close()
})

test('axe-core finds what is wrong', async () => {
  const page = await (await lab.open()).newPage()
  await page.setContent(
    '<html lang="en"><title>x</title><main><h1>x</h1><input><p style="color: #aaa; background: #fff">Hardly seen',
  )
  const found = await check.violations(page)
  assert.ok(found.some(line => line.includes('label: <input>')))
  assert.ok(found.some(line => line.includes('color-contrast: <p')))
  await page.context().close()
})
