import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfig } from '../../config/load.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'

let directory: string
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-admin-config-'))
})
after(() => rm(directory, { recursive: true, force: true }))

async function problems(admin: object): Promise<string[]> {
  const setting = { port: 1, adminPort: 2, issuer: 'http://127.0.0.1:3', clientSecret: 's', directory }
  const file = await writeTorhausConfig({ ...setting, upstreamUrl: 'http://127.0.0.1:4' }, config => ({
    ...config,
    admin,
  }))
  const loaded = loadConfig(file, {})
  return loaded.ok ? [] : loaded.diagnostics.map(({ path, message }) => `${path} ${message}`)
}

test('an admin listener is refused where other machines reach it without a credential', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.21', 'torhaus.example']) {
    const [problem = '', ...more] = await problems({ host })
    assert.match(problem, /^admin\.host .*reached from other machines.*admin\.credentialFile/, host)
    assert.deepEqual(more, [])
  }
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', 'localhost'])
    assert.deepEqual(await problems({ host }), [], host)
})

test('a credential is a file with one line that nobody guesses', async () => {
  const credentialFile = join(directory, 'credential')
  const withContent = async (content: string) => {
    await writeFile(credentialFile, content)
    return (await problems({ host: '0.0.0.0', credentialFile })).join('\n')
  }
  assert.equal(await withContent('Zm9yIG9wZXJhdG9ycyBvbmx5\n'), '')
  assert.match(await withContent('secret\n'), /^admin\.credentialFile .*fewer than 20 characters/)
  assert.match(await withContent(''), /^admin\.credentialFile .*is empty/)
  assert.match(await withContent(`${'a'.repeat(30)}\n${'b'.repeat(30)}\n`), /more than one line/)
  assert.doesNotMatch(await withContent('not-so-long-secret'), /not-so-long-secret/)
})
