/** What is rolled out is what was signed: anything else is refused, with a sentence that says what is wrong. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { stringify } from 'yaml'
import { CHECKSUMS, SIGNATURE, verifyRelease } from '../../../deploy/roll-out/verify-release.ts'
import { tryCommand } from '../../../devkit/realm/run-command.ts'
import { type SignedRelease, signedRelease } from './signed-release.ts'

let made: SignedRelease
beforeEach(async () => {
  made = await signedRelease(['1.0.0', '1.0.0-rc.1'])
})
afterEach(() => made[Symbol.dispose]())
const inFolder = (name: string) => join(made.folder, name)

test('a release that is signed and whole is given out with the hash that the machines compare', async () => {
  const { version, sha256 } = await verifyRelease(made, '1.0.0')
  assert.equal(version, '1.0.0')
  assert.equal(sha256, createHash('sha256').update('content of 1.0.0').digest('hex'))
})

const flip = (name: string) => {
  const bytes = readFileSync(inFolder(name))
  bytes.writeUInt8(bytes.readUInt8(8) ^ 1, 8)
  writeFileSync(inFolder(name), bytes)
}

for (const [what, change, message] of [
  ['without a signature', () => rmSync(inFolder(SIGNATURE)), /is not signed/],
  ['without a list', () => rmSync(inFolder(CHECKSUMS)), /is not signed/],
  ['signed with another key', () => made.sign(made.foreignKey()), /not made with the key/],
  ['whose signature was altered', () => flip(SIGNATURE), /not made with the key/],
  ['whose signature is empty', () => writeFileSync(inFolder(SIGNATURE), ''), /not made with the key/],
  ['whose list was altered', () => flip(CHECKSUMS), /was altered/],
  ['whose list was lengthened', () => appendFileSync(inFolder(CHECKSUMS), '\n'), /was altered/],
  ['whose file was altered', () => flip('torhaus-1.0.0.tar'), /torhaus-1\.0\.0\.tar was altered/],
  [
    'whose file is another version',
    () => writeFileSync(inFolder('torhaus-1.0.0.tar'), 'content of 1.0.0-rc.1'),
    /altered/,
  ],
  ['whose file is gone', () => rmSync(inFolder('torhaus-1.0.0.tar')), /ENOENT/],
  [
    'that lists a file twice',
    () => {
      const list = readFileSync(inFolder(CHECKSUMS), 'utf8')
      writeFileSync(inFolder(CHECKSUMS), list + list)
      made.sign()
    },
    /2 times, not once/,
  ],
] as const)
  test(`a release ${what} is refused`, async () => {
    change()
    await assert.rejects(verifyRelease(made, '1.0.0'), message)
  })

test('a version that is not on the list is refused, though its file is there', async () => {
  writeFileSync(inFolder('torhaus-2.0.0.tar'), 'content of 2.0.0')
  await assert.rejects(verifyRelease(made, '2.0.0'), /names torhaus-2\.0\.0\.tar 0 times/)
})

test('the program refuses what is not signed before it runs or asks anything', async () => {
  made.sign(made.foreignKey())
  writeFileSync(inFolder('release-key.pub'), made.publicKey.export({ type: 'spki', format: 'pem' }))
  const ran = inFolder('ran')
  const nobody = 'http://127.0.0.1:9'
  const plan = {
    publicUrl: nobody,
    release: { file: made.file, publicKeyFile: 'release-key.pub' },
    instances: [{ name: 'one', address: nobody, admin: nobody }],
    commands: Object.fromEntries(
      ['prepare', 'stop', 'activate', 'start', 'restore'].map(name => [name, ['touch', ran, '{sha256}']]),
    ),
    smokeTests: [{ path: '/', status: 200 }],
  }
  writeFileSync(inFolder('plan.yaml'), stringify(plan))
  const program = resolve(import.meta.dirname, '../../../deploy/roll-out/main.ts')
  const args = [program, '--plan', inFolder('plan.yaml'), '--version', '1.0.0', '--json']
  const { code, stdout } = await tryCommand(process.execPath, args)
  assert.equal(code, 1)
  assert.equal(JSON.parse(stdout).result, 'refused')
  assert.match(JSON.parse(stdout).reason, /not made with the key/)
  assert.throws(() => readFileSync(ran), /ENOENT/)
})
