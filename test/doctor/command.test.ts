/** `torhaus doctor` as people and pipelines run it. */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { subjects } from '../../src/doctor/examine.ts'
import { runTorhaus } from '../cli/command-lab.ts'

let torhaus: ProxyUnderTest
before(async () => {
  const credentials = { personalAccessTokens: [] }
  torhaus = await startProxy({ configure: configured({ maxTunnels: 10 }, {}, { credentials }) })
})
after(() => torhaus?.close())

const doctor = (...args: string[]) => runTorhaus(['doctor', '--config', torhaus.fixture.configFile, ...args])

test('beside a Torhaus that runs well it ends with 0, with a line for each subject', async () => {
  const { code, out, error } = await doctor()
  assert.deepEqual([code, error], [0, ''], out)
  for (const subject of subjects) assert.match(out, new RegExp(`^(ok|skipped|warning) +${subject}\\b`, 'm'))
  assert.match(out, /^skipped {2}kerberos: there is no section kerberos$/m)
  for (const subject of ['ports', 'provider', 'upstream', 'way-in', 'store', 'clocks'])
    assert.match(out, new RegExp(`^ok +${subject}$`, 'm'))
})

test('for pipelines it prints findings with what, why, remedy, option and severity, and ends with 1 at an error', async () => {
  const { configFile } = torhaus.fixture
  const secret = join(dirname(configFile), 'client-secret')
  chmodSync(secret, 0o644)
  try {
    const { code, out, error } = await doctor('--json', '--only', 'files', '--only', 'kerberos')
    assert.deepEqual([code, error], [1, ''])
    const { ok, findings, skipped } = JSON.parse(out)
    assert.equal(ok, false)
    assert.deepEqual(skipped, [{ subject: 'kerberos', why: 'there is no section kerberos' }])
    const finding = findings.find(({ option }: { option?: string }) => option === 'oidc.clientSecretFile')
    assert.deepEqual(Object.keys(finding).sort(), ['option', 'remedy', 'severity', 'subject', 'what', 'why'])
    assert.equal(finding.severity, 'error')
  } finally {
    chmodSync(secret, 0o600)
  }
})

test('wrong words end with 2, and a configuration with problems with 78', async () => {
  const unknown = await doctor('--only', 'weather')
  assert.equal(unknown.code, 2)
  assert.match(unknown.error, /^weather is not a subject; choose from: files, /)
  assert.equal((await runTorhaus(['doctor', '--config', '/no/such/file'])).code, 78)
})

test('as the account of the service it finds what root does not: a key that it cannot read', {
  skip: process.getuid?.() !== 0,
}, async () => {
  const { configFile } = torhaus.fixture
  const directory = dirname(configFile)
  const nobody = 65_534
  chownSync(directory, nobody, nobody)
  for (const name of readdirSync(directory)) chownSync(join(directory, name), nobody, nobody)
  assert.equal((await doctor('--as-user', 'nobody', '--only', 'files')).code, 0)
  chownSync(join(directory, 'session-key'), 0, 0)
  const { code, error } = await doctor('--as-user', 'nobody', '--only', 'files')
  assert.equal(code, 78)
  assert.match(error, /session\.encryptionKeyFiles\[0\]: this account cannot read the file \S+session-key: assign/)
  assert.equal((await doctor('--only', 'files')).code, 0)
  const byNumber = await doctor('--as-user', String(nobody), '--only', 'files')
  assert.deepEqual([byNumber.code, byNumber.error], [code, error])
  for (const stranger of ['no-such-account', '3999999999']) {
    const { code, error } = await doctor('--as-user', stranger)
    assert.equal(code, 2)
    assert.match(error, new RegExp(`^this machine has no account ${stranger}\\n`))
  }
})
