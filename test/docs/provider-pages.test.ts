/** The page of each OP has a configuration that is valid, with its profile, and says what the profile sets. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { parseConfig } from '../../config/load.ts'
import { withProfile } from '../../config/provider-profiles.ts'
import { providerProfiles } from '../../config/provider-schema.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'

const PAGES = join(import.meta.dirname, '../../docs/providers')
const directory = mkdtempSync(join(tmpdir(), 'torhaus-pages-'))
let certificate: Certificate
before(async () => {
  certificate = await createCertificate('DNS:fs.corp.example')
  mkdirSync(join(directory, 'keys'))
  writeFileSync(join(directory, 'keys/client-secret'), 'secret')
  writeFileSync(join(directory, 'keys/corp-ca.pem'), certificate.certificate)
  writeFileSync(join(directory, 'keys/session'), randomBytes(32).toString('base64'))
})
after(async () => {
  rmSync(directory, { recursive: true })
  await certificate?.remove()
})

const read = (page: string) => readFileSync(join(PAGES, page), 'utf8')
const configurationIn = (page: string) => parse(/^```yaml\n(.*?)^```/ms.exec(read(page))?.[1] ?? '')

test('each profile has a page, and each page a profile', () => {
  const pages = globSync('*.md', { cwd: PAGES }).filter(name => name !== 'README.md')
  assert.deepEqual(pages.map(name => basename(name, '.md')).sort(), [...providerProfiles].sort())
})

for (const profile of providerProfiles) {
  test(`the configuration for ${profile} is valid, with its profile`, () => {
    const written = configurationIn(`${profile}.md`)
    assert.equal(written.oidc.profile ?? 'generic', profile)
    const rest = {
      publicUrl: 'https://devops.example.com',
      upstream: { url: 'https://tfs.example.com', identity: { kind: 'none' } },
      session: { encryptionKeyFiles: ['keys/session'] },
    }
    const loaded = parseConfig(stringify({ ...rest, ...written }), directory, {})
    assert.deepEqual(loaded.ok ? [] : loaded.diagnostics, [])
  })

  test(`the table names every option that the profile ${profile} sets`, () => {
    const row =
      read('README.md')
        .split('\n')
        .find(line => line.startsWith(`| \`${profile}\` |`)) ?? ''
    const before = { profile, issuer: configurationIn(`${profile}.md`).oidc.issuer, clientSecretFile: 'secret' }
    const set = Object.keys(Object(withProfile(before))).filter(name => !(name in before))
    const missing = set.filter(
      name => !row.includes(name) && !(name === 'accessToken' && row.includes('access tokens')),
    )
    assert.deepEqual(missing, [])
  })
}
