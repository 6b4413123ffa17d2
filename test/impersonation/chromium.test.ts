/** A real Chromium with a ticket: one Negotiate for the page, and a session for everything on it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type BrowserContext, chromium } from 'playwright-core'
import { seedKerberosProfile, writeChromiumPolicy } from '../../devkit/realm/chromium-kerberos.ts'
import { ORIGIN_NAME, PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const PICTURES = 12

/** One that Chromium can draw: content that it cannot, it cancels as it comes, and what is cancelled is not forwarded. */
const PICTURE = Buffer.from('R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=', 'base64')

/** Each with pictures under names of its own, so that none comes from the cache of the browser. */
const PAGES = ['first', 'second'] as const

let lab: ProxyLab
let profile: string
let removePolicy: () => Promise<void>

before(async () => {
  await ensureDebianPackages(['chromium'])
  lab = await startProxyLab()
  profile = await mkdtemp(join(tmpdir(), 'torhaus-chromium-'))
  await seedKerberosProfile(profile)
  removePolicy = await writeChromiumPolicy()
  await publish('picture.gif', PICTURE)
  for (const name of PAGES) await publish(`${name}.html`, pageOf(name))
})
after(async () => {
  await removePolicy()
  await rm(profile, { recursive: true, force: true })
  await lab.close()
})

function pageOf(name: string): string {
  const pictures = Array.from({ length: PICTURES }, (_, index) => `<img src="/picture.gif?${name}-${index}">`).join('')
  const script = `fetch('/whoami').then(async r => { document.title = await r.text() })`
  return `<!doctype html><title>page</title>${pictures}<script>${script}</script>`
}

async function publish(name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(lab.apache.directory, 'htdocs', name), content, { mode: 0o644 })
}

async function openBrowser(): Promise<BrowserContext> {
  const { env } = await lab.client('alice')
  return chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? ''])),
    args: ['--no-sandbox', `--host-resolver-rules=MAP ${PROXY_NAME} 127.0.0.1,MAP ${ORIGIN_NAME} ~NOTFOUND`],
  })
}

async function showsPage(proxy: LabProxy, browser: BrowserContext, name: (typeof PAGES)[number]): Promise<void> {
  const page = await browser.newPage()
  const answer = await page.goto(`${proxy.url}/${name}.html`, { waitUntil: 'networkidle' })
  assert.equal(answer?.status(), 200)
  await page.waitForFunction('document.title.startsWith("{")')
  assert.equal(JSON.parse(await page.title()).account, 'alice@CORP.TEST')
  assert.equal(await page.evaluate('[...document.images].filter(image => image.naturalWidth === 1).length'), PICTURES)
  await page.close()
}

test('Chromium shows a page with pictures as the user of its ticket, and shows its ticket once', async t => {
  const proxy = await lab.proxy()
  const browser = await openBrowser()
  try {
    const tickets = () => proxy.metric('torhaus_requests_total', { scheme: 'negotiate' })
    const bySession = () => proxy.metric('torhaus_requests_total', { scheme: 'session', outcome: 'forwarded' })
    await showsPage(proxy, browser, 'first')
    await eventually(async () => (await bySession()) >= PICTURES + 1, 'page and pictures by the session')
    t.diagnostic(JSON.stringify({ tickets: await tickets(), bySession: await bySession() }))
    assert.equal(await tickets(), 1)
    await showsPage(proxy, browser, 'second')
    await eventually(async () => (await bySession()) >= 2 * (PICTURES + 1), 'page and pictures again')
    assert.equal(await tickets(), 1)
  } finally {
    await browser.close()
  }
})
