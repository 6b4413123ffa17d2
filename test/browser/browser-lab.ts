/** A real Chromium before Torhaus, and a DevOps server behind it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { CHROMIUM, signInAs } from '../../devkit/clients/chromium.ts'
import type { SignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import type { FixtureOptions } from '../../devkit/torhaus/torhaus-fixture.ts'
import { type ClientLab, startClientLab } from '../clients/client-lab.ts'

export type BrowserLab = ClientLab & {
  /** A page of the DevOps server, as people bookmark it. */
  readonly home: string
  /** A new browser, with nothing in it; `preferences` are Chromium's own. */
  open(preferences?: object): Promise<BrowserContext>
}

const ACTION_TIMEOUT_MS = 60_000

/** `configure` changes the usual configuration; `ownHost`: for our own pages. */
export async function startBrowserLab(configure?: FixtureOptions['configure'], ownHost = false): Promise<BrowserLab> {
  const lab = await startClientLab(configure, ownHost)
  const closing: (() => Promise<void>)[] = []
  return {
    ...lab,
    home: `${lab.torhaus.url}/DefaultCollection/`,
    async open(preferences) {
      const profile = await mkdtemp(join(tmpdir(), 'torhaus-chromium-'))
      closing.push(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }))
      if (preferences !== undefined) await writePreferences(profile, preferences)
      const context = await chromium.launchPersistentContext(profile, CHROMIUM)
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

/** A page that the server allows browsers to keep, in a new browser that is signed in for it. */
export async function openKeptPage(lab: BrowserLab, plain: SignInLab): Promise<Page> {
  plain.origin.answerWith((_, response) => {
    response
      .writeHead(200, { 'Content-Type': 'text/html', 'Cache-Control': 'max-age=3600' })
      .end('<h1>Secret plan</h1>')
  })
  const page = await (await lab.open()).newPage()
  await page.goto(`${plain.url}/plan`)
  await signInAs(page, plain.users.ada)
  await page.getByText('Secret plan').waitFor()
  return page
}
