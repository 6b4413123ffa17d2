/** The last stage of a pipeline: nothing that is not signed, or was changed, is rolled out. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { runCommand, tryCommand } from '../../devkit/realm/run-command.ts'
import { signChecksums, writeChecksums } from '../../devkit/release/signature.ts'

const SCRIPT = resolve(import.meta.dirname, '../../deploy/roll-out/from-pipeline.sh')
const TOP = 'torhaus-1.0.0-linux-x64'
/** In place of the roll-out: writes down what it was given. */
const STAND_IN = `import { readFileSync, writeFileSync } from 'node:fs'
const [token, credential] = ['smoke-test-token', 'admin-credential'].map(name => readFileSync(name, 'utf8'))
writeFileSync('told.json', JSON.stringify({ args: process.argv.slice(2), token, credential }))
`

let folder = ''
let place = ''
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'torhaus-pipeline-test-'))
  place = join(folder, 'dist')
  const top = join(folder, TOP)
  mkdirSync(place)
  mkdirSync(join(top, 'node_modules/.bin'), { recursive: true })
  mkdirSync(join(top, 'dist'), { recursive: true })
  symlinkSync(process.execPath, join(top, 'node_modules/.bin/node'))
  writeFileSync(join(top, 'dist/roll-out.js'), STAND_IN)
  writeFileSync(join(top, 'package.json'), '{"type":"module"}')
  await runCommand('tar', ['-C', folder, '-czf', join(place, `${TOP}.tar.gz`), TOP])
  await writeChecksums(place)
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  signChecksums(place, join(folder, 'key.pem'))
  writeFileSync(join(place, 'release-key.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const secrets = { ROLLOUT_SSH_KEY: 'key', SMOKE_TEST_TOKEN: 'Basic abc', ADMIN_CREDENTIAL: 'of operators' }
const run = (version = '1.0.0', more: NodeJS.ProcessEnv = {}) =>
  tryCommand('sh', [SCRIPT, version], { env: { ...process.env, ROLLOUT_PLACE: place, ...secrets, ...more } })

test('a release that is whole and signed is rolled out, and the secrets are gone afterwards', async () => {
  const { code, stderr } = await run()
  assert.equal(code, 0, stderr)
  assert.deepEqual(JSON.parse(readFileSync(join(place, 'told.json'), 'utf8')), {
    args: ['--plan', 'plan.yaml', '--version', '1.0.0', '--json'],
    token: 'Basic abc\n',
    credential: 'of operators\n',
  })
  for (const name of ['smoke-test-token', 'admin-credential']) assert.ok(!existsSync(join(place, name)), name)
})

test('an older version is let through where the pipeline says so', async () => {
  assert.equal((await run('1.0.0', { ROLLOUT_ALLOW_OLDER: 'yes' })).code, 0)
  assert.ok(JSON.parse(readFileSync(join(place, 'told.json'), 'utf8')).args.includes('--allow-older'))
})

for (const [what, change] of [
  ['whose tarball was changed', () => appendFileSync(join(place, `${TOP}.tar.gz`), 'x')],
  ['whose list was changed', () => appendFileSync(join(place, 'SHA256SUMS'), `${'0'.repeat(64)}  other\n`)],
  ['without a signature', () => rmSync(join(place, 'SHA256SUMS.sig'))],
  ['without a key to verify it', () => rmSync(join(place, 'release-key.pub'))],
] as const)
  test(`a release ${what} is not rolled out`, async () => {
    change()
    assert.notEqual((await run()).code, 0)
    assert.ok(!existsSync(join(place, 'told.json')))
  })

test('a version that is not on the signed list is not rolled out', async () => {
  assert.notEqual((await run('2.0.0')).code, 0)
  assert.ok(!existsSync(join(place, 'told.json')))
})
