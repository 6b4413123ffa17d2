/** A plan is read whole before anything is changed; what is wrong in it is named. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { stringify } from 'yaml'
import { readPlan } from '../../../deploy/roll-out/plan.ts'
import { tryCommand } from '../../../devkit/realm/run-command.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const folder = mkdtempSync(join(tmpdir(), 'torhaus-plan-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'token'), 'Basic abc\n')
writeFileSync(join(folder, 'ca.pem'), 'certificate\n')

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
writeFileSync(join(folder, 'release-key.pub'), publicKey.export({ type: 'spki', format: 'pem' }))
writeFileSync(join(folder, 'private.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
const release = { file: 'torhaus-{version}.tar.gz', publicKeyFile: 'release-key.pub' }

const usual = {
  publicUrl: 'https://devops.example.com',
  caFile: 'ca.pem',
  release,
  instances: [{ name: 'one', address: 'https://192.0.2.21:8443', admin: 'http://192.0.2.21:9090' }],
  commands: { stop: ['stop'], activate: ['activate', '{sha256}'], start: ['start'], restore: ['restore'] },
  smokeTests: [{ path: '/', status: 200, fieldFiles: { Authorization: 'token' } }],
}

function read(change: object) {
  const file = join(folder, 'plan.yaml')
  writeFileSync(file, stringify({ ...usual, ...change }))
  return readPlan(file)
}

test('secrets are read from files beside the plan, and gates have defaults', () => {
  const { plan, ca, folder: place, adminFields, release: files } = read({ adminCredentialFile: 'token' })
  assert.deepEqual(plan.smokeTests[0]?.fields, { Authorization: 'Basic abc' })
  assert.equal(ca, 'certificate\n')
  assert.equal(place, folder)
  assert.deepEqual(adminFields, { Authorization: 'Bearer Basic abc' })
  assert.deepEqual([files.folder, files.publicKey.asymmetricKeyType], [folder, 'ed25519'])
  assert.deepEqual(read({}).adminFields, {})
  assert.equal(plan.gates.readyChecks, 3)
})

for (const [what, change, message] of [
  ['no smoke test', { smokeTests: [] }, /plan\.yaml: smokeTests /],
  [
    'a method that changes something',
    { smokeTests: [{ path: '/', status: 200, method: 'POST' }] },
    /method must be one/,
  ],
  ['a misspelt step', { commands: { ...usual.commands, drian: ['x'] } }, /commands\.drian is not an option/],
  ['no way back', { commands: { ...usual.commands, restore: undefined } }, /commands\.restore is required/],
  [
    'no hash for the machines',
    { commands: { ...usual.commands, activate: ['x'] } },
    /neither prepare nor activate takes/,
  ],
  ['two of one name', { instances: [usual.instances[0], usual.instances[0]] }, /two are called one/],
  [
    'an address with a path',
    { instances: [{ ...usual.instances[0], address: 'http://a/b' }] },
    /instances\[0\]\.address/,
  ],
  ['no release', { release: undefined }, /plan\.yaml: release is required/],
  ['a release elsewhere', { release: { ...release, file: '../{version}.tar.gz' } }, /release\.file/],
  ['a private key', { release: { ...release, publicKeyFile: 'private.pem' } }, /private\.pem is a private key/],
  ['a key that is none', { release: { ...release, publicKeyFile: 'ca.pem' } }, /ca\.pem is no public Ed25519 key/],
  ['a secret that is not there', { smokeTests: [{ path: '/', status: 200, fieldFiles: { A: 'no' } }] }, /ENOENT/],
] as const)
  test(`a plan with ${what} is refused, and the message says where`, () => assert.throws(() => read(change), message))

test('the program ends with 2 for wrong arguments, 78 for a plan with problems, 0 for a good one', async () => {
  const program = (...args: string[]) => tryCommand(process.execPath, [join(ROOT, 'deploy/roll-out/main.ts'), ...args])
  read({})
  const plan = ['--plan', join(folder, 'plan.yaml')]
  assert.equal((await program(...plan, '--check')).code, 0)
  for (const args of [[], plan, [...plan, '--version', '../1'], ['--now']])
    assert.equal((await program(...args)).code, 2)
  assert.throws(() => read({ instances: [] }))
  const { code, stderr } = await program(...plan, '--check')
  assert.equal(code, 78)
  assert.match(stderr, /instances/)
})

test('the plans in deploy/ are good', () => {
  const plans = globSync('deploy/*/plan*.yaml', { cwd: ROOT })
  assert.ok(plans.length > 0)
  for (const file of plans) {
    // Only its secrets are not there; a key to verify with lies beside it.
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/smoke-test-token|admin-credential/g, 'token')
    writeFileSync(join(folder, 'of-deploy.yaml'), text)
    assert.doesNotThrow(() => readPlan(join(folder, 'of-deploy.yaml')), file)
  }
})
