/**
 * A person with Chromium: `node chromium-visit.ts VISIT`, with the variables of a command. Prints what they get to see;
 * exit code 1 where that is not what they wanted.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM, signInAs } from '../clients/chromium.ts'
import type { Variables } from './client.ts'

const TIMEOUT_MS = 60_000
const TABS = 20
/** Values of Referrer-Policy with which a browser keeps its address to itself. */
const STRICT = ['no-referrer', 'same-origin', 'strict-origin', 'origin']

const variables = process.env as unknown as Variables
const home = `${variables.URL}/DefaultCollection/`
const person = { name: variables.USER_NAME, password: variables.PASSWORD, totpSecret: variables.TOTP_SECRET }

async function signedIn(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(home)
  await signInAs(page, person)
  await page.waitForURL(home)
  return page
}

/** The session is gone, that at the OP is not: a browser that restores its tabs the next morning. */
async function restoreTabs(context: BrowserContext): Promise<string> {
  await signedIn(context)
  await context.clearCookies({ name: /^torhaus/ })
  const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()))
  await Promise.all(
    tabs.map(async (tab, index) => {
      const wanted = `${home}_boards?tab=${index}#item_${index}`
      // A page of ours may go on by itself while the first one loads.
      await tab.goto(wanted).catch(() => undefined)
      await tab.waitForURL(wanted)
      await tab.getByRole('heading', { name: 'Boards' }).waitFor()
    }),
  )
  return `${tabs.length} of ${TABS} tabs show their page, with its fragment`
}

async function sendForms(context: BrowserContext): Promise<string> {
  const page = await signedIn(context)
  for (const policy of STRICT) {
    await page.goto(`${home}_boards?referrer-policy=${policy}`)
    await page.getByRole('button', { name: 'Add' }).click()
    await page.getByText('"bytes":').waitFor()
  }
  await page.goto(home)
  await page.getByRole('link', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  // The question of the OP.
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor()
  return `forms arrive with ${STRICT.join(', ')}`
}

/** What the script of a page gets once the session is over: no dialog, no page to sign in at. */
async function askByScript(context: BrowserContext): Promise<string> {
  const page = await signedIn(context)
  await context.clearCookies({ name: /^torhaus/ })
  const status = await page.evaluate(async () => {
    const answer = await fetch('/DefaultCollection/_apis/whoami')
    return `${answer.status} ${await answer.text()}`
  })
  throw new Refused(status)
}

async function signInWithoutFactor(context: BrowserContext): Promise<string> {
  const page = await context.newPage()
  await page.goto(home)
  await signInAs(page, { name: variables.ONE_FACTOR_USER, password: variables.ONE_FACTOR_PASSWORD })
  await page.getByRole('heading', { name: 'A second factor is needed' }).waitFor()
  throw new Refused(await page.getByRole('main').innerText())
}

class Refused extends Error {}

const VISITS: Readonly<Record<string, (context: BrowserContext) => Promise<string>>> = {
  'sign-in': async context => `account ${await (await signedIn(context)).locator('#account').textContent()}`,
  tabs: restoreTabs,
  forms: sendForms,
  'forms-without-referrer': async context => {
    const seen: string[] = []
    context.on('request', async request => seen.push((await request.allHeaders()).referer ?? ''))
    const said = await sendForms(context)
    assert.deepEqual([...new Set(seen)], [''])
    return said
  },
  script: askByScript,
  'one-factor': signInWithoutFactor,
}

const [visit = ''] = process.argv.slice(2)
const profile = await mkdtemp(join(process.cwd(), 'profile-'))
await mkdir(join(profile, 'Default'))
const preferences = { enable_referrers: visit !== 'forms-without-referrer' }
await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
const context = await chromium.launchPersistentContext(profile, CHROMIUM)
context.setDefaultTimeout(TIMEOUT_MS)
try {
  console.log(await VISITS[visit]?.(context))
} catch (error) {
  console.log(error instanceof Refused ? error.message : error)
  process.exitCode = 1
} finally {
  await context.close()
}
