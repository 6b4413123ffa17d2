/** `ownPages.publicUrl`, and what it must be beside `publicUrl`. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parseConfig } from '../../config/load.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-own-pages-'))
  await writeFile(join(directory, 'session-key'), randomBytes(32).toString('base64'))
})
after(() => rm(directory, { recursive: true }))

function load(own: string, publicUrl = 'https://devops.example', more = '') {
  const source = `publicUrl: ${publicUrl}
${own === '' ? '' : `ownPages: { publicUrl: '${own}' }`}
${more}
upstream: { url: 'https://b.example', identity: { kind: none } }
oidc: { issuer: 'https://c.example', clientId: d }
secondFactor: { acceptAcr: [e] }
session: { encryptionKeyFiles: [session-key] }
`
  return parseConfig(source, directory, {})
}

function problemsOf(...given: Parameters<typeof load>): string[] {
  const loaded = load(...given)
  return loaded.ok ? [] : loaded.diagnostics.map(({ path, message }) => `${path}: ${message}`)
}

test('another host name of the same scheme is right, and none is the default', () => {
  for (const own of ['https://signin.devops.example', 'https://SignIn.example:8443', ''])
    assert.deepEqual(problemsOf(own), [], own)
  assert.deepEqual(problemsOf('http://localhost:8080', 'http://127.0.0.1:8080'), [])
  const loaded = load('')
  assert.ok(loaded.ok)
  assert.equal(loaded.config.ownPages.publicUrl, undefined)
})

test('the same host, also at another port, a path, http beside https and what is no URL are refused, each with a remedy', () => {
  const wrong: readonly (readonly [own: string, publicUrl: string, problem: RegExp])[] = [
    ['https://devops.example', 'https://devops.example', /different host name from publicUrl.*remove it/],
    ['https://devops.example:8443', 'https://devops.example', /not only a different port/],
    ['https://signin.example/torhaus', 'https://devops.example', /without a path/],
    ['https://signin.example/?a', 'https://devops.example', /query or fragment/],
    ['https://u:p@signin.example', 'https://devops.example', /credentials/],
    ['http://signin.example', 'https://devops.example', /must be https/],
    ['http://localhost', 'https://devops.example', /must be https, like publicUrl: set both to https/],
    ['https://localhost', 'http://127.0.0.1', /must be http, like publicUrl/],
    ['signin.example', 'https://devops.example', /http or https URL/],
  ]
  for (const [own, publicUrl, problem] of wrong) {
    const problems = problemsOf(own, publicUrl)
    assert.ok(
      problems.some(text => text.startsWith('ownPages.publicUrl: ') && problem.test(text)),
      `${own}: ${problems}`,
    )
  }
})

test('a name that is ours already cannot be one under which the server is asked as well', () => {
  const problems = problemsOf(
    'https://signin.example',
    undefined,
    'listener: { hostNames: [a.example, SIGNIN.example] }',
  )
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /^listener\.hostNames\[1\]: .*remove it$/)
})
