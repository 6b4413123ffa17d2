/** The page about Gitea has a configuration that is valid, and rules that fit what it says they fit. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../config/load.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'

test('the configuration on the page is valid, and its rules are for runners and forms of packages alone', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/gitea.md'), 'utf8')
  const source = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? ''
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-gitea-'))
  const certificate = await createCertificate('DNS:git.example.com')
  try {
    for (const name of ['keys', 'tls']) mkdirSync(join(directory, name))
    writeFileSync(join(directory, 'keys/client-secret'), 'secret')
    writeFileSync(join(directory, 'keys/session'), randomBytes(32).toString('base64'))
    writeFileSync(join(directory, 'tls/devops.example.com.crt'), certificate.certificate)
    writeFileSync(join(directory, 'tls/devops.example.com.key'), certificate.privateKey, { mode: 0o600 })
    const loaded = parseConfig(source, directory, {})
    assert.ok(loaded.ok, JSON.stringify(loaded))
    const [runners, forms] = loaded.config.secondFactor.rules.map(({ when }) => new RegExp(`^(?:${when.path})$`))
    const schemes = loaded.config.secondFactor.rules.map(({ when }) => when.schemes)
    assert.deepEqual(
      schemes,
      [['none'], ['pat']],
      "beside a person's credentials a token in a field is somebody else's",
    )
    for (const path of ['/api/actions/ping.v1.PingService/Ping', '/api/actions/runner.v1.RunnerService/FetchTask'])
      assert.match(path, runners ?? /$^/)
    assert.doesNotMatch('/api/actions/runner.v1.RunnerService/../../v1/user', runners ?? /.*/)
    for (const path of ['/api/packages/ada/nuget/', '/api/packages/ada/pypi']) assert.match(path, forms ?? /$^/)
    assert.doesNotMatch('/api/v1/repos/ada/r1/releases/1/assets', forms ?? /.*/)
  } finally {
    await certificate.remove()
    rmSync(directory, { recursive: true })
  }
})
