/** What a person at Chromium reads whose certificate is refused. Chromium offers only what the server says it takes. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type BrowserContext, chromium } from 'playwright-core'
import { CHROMIUM } from '../../devkit/clients/chromium.ts'
import { POLICY_FOLDER, writeChromiumPolicy } from '../../devkit/realm/chromium-kerberos.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { errorTable } from '../../src/errors.ts'
import {
  type ClientAuthorities,
  type ClientAuthority,
  type ClientIdentity,
  createClientAuthorities,
} from './client-authority.ts'

const PASSWORD = 'hush'

let missing: string | undefined
let authorities: ClientAuthorities
/** Trusted as if it were a root, which it is not. */
let amongRoots: ClientAuthority
let own: Certificate
let proxy: ProxyUnderTest
let directory: string
let removePolicy: (() => Promise<void>) | undefined
/** With certificates that it may offer, and with none that it would. */
let holder: BrowserContext
let other: BrowserContext

/** Where one is shown that is not good, and the code of the page that comes back. */
const CASES = {
  revoked: 'client-certificate-revoked',
  unchecked: 'client-certificate-unchecked',
  unmapped: 'client-certificate-unmapped',
  rootless: 'client-certificate-root-missing',
} as const

function offered(): Record<string, ClientIdentity> {
  const { root, intermediate } = authorities
  const revoked = root.sign('revoked')
  root.revoke(revoked)
  return {
    ...{ good: root.sign('good'), revoked },
    unmapped: root.sign('unmapped', { extensions: 'extendedKeyUsage=clientAuth' }),
    // Of the intermediate there is no list.
    unchecked: intermediate.sign('unchecked', { chain: [intermediate] }),
    rootless: amongRoots.sign('rootless'),
  }
}

function notOffered(): Record<string, ClientIdentity> {
  const { root, stranger } = authorities
  return {
    expired: root.sign('expired', { from: '20200101000000Z', to: '20210101000000Z' }),
    ahead: root.sign('ahead', { from: '20400101000000Z', to: '20410101000000Z' }),
    stranger: stranger.sign('stranger'),
    server: root.sign('server', { extensions: 'extendedKeyUsage=serverAuth' }),
  }
}

before(async () => {
  missing = await ensureDebianPackages(['chromium', 'libnss3-tools']).then(
    () => undefined,
    (error: Error) => error.message,
  )
  if (missing !== undefined) return
  authorities = createClientAuthorities()
  directory = await mkdtemp(join(tmpdir(), 'torhaus-chromium-home-'))
  own = await createCertificate('DNS:*.localhost')
  amongRoots = authorities.stranger.authority('among roots')
  const cards = offered()
  const { certificateFile, privateKeyFile } = own
  const crlFile = authorities.write('list.pem', authorities.root.revocationList(), amongRoots.revocationList())
  const caFile = authorities.write('roots.pem', authorities.root.certificate, amongRoots.certificate)
  const clientCertificates = { caFile, crlFile, accountFrom: ['upn'] }
  const hostNames = ['none', ...Object.keys(cards)].map(name => `${name}.localhost`)
  proxy = await startProxy({
    configure: config => ({
      ...configured({ hostNames, tls: { certificateFile, privateKeyFile, clientCertificates } })(config),
      publicUrl: config.publicUrl.replace('http:', 'https:'),
    }),
  })
  const choices = Object.keys(cards).map(name =>
    JSON.stringify({ pattern: `https://${name}.localhost:${proxy.fixture.port}`, filter: { SUBJECT: { CN: name } } }),
  )
  removePolicy = await writeChromiumPolicy(POLICY_FOLDER, { AutoSelectCertificateForUrls: choices })
  holder = await open('holder', cards)
  other = await open('other', notOffered())
})
after(async () => {
  await holder?.close()
  await other?.close()
  await removePolicy?.()
  await proxy?.close()
  authorities?.[Symbol.dispose]()
  await own?.remove()
  if (directory !== undefined) await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

/** A browser whose person has these certificates: they lie where Chromium on Linux looks for them. */
async function open(person: string, cards: Readonly<Record<string, ClientIdentity>>): Promise<BrowserContext> {
  const home = join(directory, person)
  const folder = join(home, '.pki/nssdb')
  await mkdir(folder, { recursive: true })
  await runCommand('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password'])
  for (const [name, { certificateFile, privateKeyFile }] of Object.entries(cards)) {
    const file = join(home, `${name}.p12`)
    const pair = ['-in', certificateFile, '-inkey', privateKeyFile, '-name', name]
    await runCommand('openssl', ['pkcs12', '-export', ...pair, '-passout', `pass:${PASSWORD}`, '-out', file])
    await runCommand('pk12util', ['-i', file, '-d', `sql:${folder}`, '-W', PASSWORD])
  }
  const options = { ...CHROMIUM, env: { ...process.env, HOME: home }, ignoreHTTPSErrors: true }
  const context = await chromium.launchPersistentContext(join(home, 'profile'), options)
  context.setDefaultTimeout(15_000)
  return context
}

async function visit(browser: BrowserContext, name: string) {
  const page = await browser.newPage()
  const response = await page.goto(`https://${name}.localhost:${proxy.fixture.port}/.torhaus/signed-out`)
  const heading = await page.locator('h1').textContent()
  const text = await page.locator('main').innerText()
  await page.close()
  return { code: response?.headers()['x-torhaus-error'], heading, text }
}

test('a page is there for who shows a certificate that is good', async t => {
  if (missing !== undefined) return t.skip(missing)
  const { code, heading } = await visit(holder, 'good')
  assert.deepEqual([code, heading], [undefined, 'You are signed out'])
})

for (const [name, code] of Object.entries(CASES))
  test(`who shows one that is ${name} reads why, and what to do`, async t => {
    if (missing !== undefined) return t.skip(missing)
    const seen = await visit(holder, name)
    assert.deepEqual([seen.code, seen.heading], [code, 'Certificate not accepted'])
    assert.ok(seen.text.includes(errorTable[code].sentence), seen.text)
    assert.match(seen.text, /close all windows of the browser first/)
    assert.doesNotMatch(seen.text, /Sign in/)
    assert.equal(proxy.origin.requests.length, 0)
  })

test('who has only what is over, of other authorities or for servers is not even asked, and reads that one is needed', async t => {
  if (missing !== undefined) return t.skip(missing)
  const { code, heading } = await visit(other, 'none')
  assert.deepEqual([code, heading], ['client-certificate-missing', 'A certificate is needed'])
})
