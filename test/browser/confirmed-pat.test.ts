/**
 * A token that git has, confirmed in a real browser by its owner: git shows the link, and passes from then on.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { signInAs } from '../../devkit/clients/chromium.ts'
import { runGit } from '../../devkit/origin/git-client.ts'
import { linkIn } from '../grants/grants-lab.ts'
import { type BrowserLab, startBrowserLab } from './browser-lab.ts'

const AGENT = '10.9.0.4'

let lab: BrowserLab
before(async () => {
  lab = await startBrowserLab(config => ({
    ...config,
    listener: { ...config.listener, trustedProxies: ['127.0.0.1'] },
    credentials: {
      ...config.credentials,
      patProof: { profile: 'azure-devops' },
      patPolicy: { confirm: 'first-use', confirmExceptFrom: [`${AGENT}/32`], reportOnly: false },
    },
  }))
})
after(() => lab.close())

const clone = (folder: string, ...options: string[]) =>
  runGit([...options, 'clone', '--quiet', lab.remoteWith('ada', lab.pat), folder], {
    directory: lab.devops.directory,
    environment: { HOME: lab.devops.directory },
  })
const reads = () => lab.devops.origin.targets['/DefaultCollection/_apis/connectionData'] ?? 0

async function confirmAt(page: Page, link: string): Promise<void> {
  await page.goto(link)
  await signInAs(page, lab.torhaus.users.ada)
  await page.getByRole('heading', { name: 'Confirm this access?' }).waitFor()
  await page.getByRole('button', { name: 'Confirm' }).click()
  // Anew, for this confirmation.
  await signInAs(page, lab.torhaus.users.ada)
  await page.getByText('Run the command again').waitFor()
}

test('git prints the link, its owner confirms in Chromium, git clones and pushes, and no more once that is withdrawn', {
  timeout: 360_000,
}, async () => {
  const refused = await clone('confirmed')
  assert.notEqual(refused.status, 0)
  assert.match(refused.stderr, /^remote: Torhaus: The owner of this personal access token has not confirmed/m)
  const link = linkIn(refused.stderr)
  const browser = await lab.open()
  const page = await browser.newPage()
  await confirmAt(page, link)
  const again = await clone('confirmed')
  assert.equal(again.status, 0, again.stderr)
  await lab.git('confirmed', 'commit', '--quiet', '--allow-empty', '-m', 'Confirmed')
  await lab.git('confirmed', 'push', '--quiet', 'origin', 'HEAD:refs/heads/confirmed')
  assert.ok(reads() <= 2, 'once at first sight, and once after the confirmation')

  await page.getByRole('link', { name: 'your page' }).click()
  await page.getByRole('heading', { name: 'Where your tokens may be used' }).waitFor()
  await page.getByRole('button', { name: /^Withdraw: token .* from 127\.0\.0\.1$/ }).click()
  await page.getByText('withdrawn').waitFor()
  const fetch = await runGit(['fetch', '--quiet'], { directory: join(lab.devops.directory, 'confirmed') })
  assert.notEqual(fetch.status, 0)
  linkIn(fetch.stderr)
  await browser.close()
})

test('agents of a network that the operator names are not asked', async () => {
  const run = await clone('agent', '-c', `http.extraHeader=X-Forwarded-For: ${AGENT}`)
  assert.equal(run.status, 0, run.stderr)
  const other = await clone('other', '-c', 'http.extraHeader=X-Forwarded-For: 10.9.0.5')
  linkIn(other.stderr)
})
