/** What is no key is refused, by `check` as by a start, and what others can read is told. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { keyProblem, readKey } from '../../config/secret.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

const run = promisify(execFile)
const inBase64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64')

const NO_KEYS: Readonly<Record<string, string>> = {
  'zeros only': inBase64(new Uint8Array(32)),
  'one byte again and again': inBase64(new Uint8Array(32).fill(0xa7)),
  'four bytes again and again': inBase64(Buffer.alloc(32, Buffer.from([1, 200, 3, 90]))),
  'one after the other': inBase64(Uint8Array.from({ length: 32 }, (_, at) => at * 7)),
  'a passphrase in base64': inBase64('correct horse battery staple now'),
  'a passphrase': 'correct horse battery staple',
  'junk around a key': `key: ${inBase64(randomBytes(32))}`,
  'junk within a key': `${inBase64(randomBytes(32)).slice(0, 20)}!!${inBase64(randomBytes(32)).slice(20)}`,
  'too short': inBase64(randomBytes(16)),
  'too long': inBase64(randomBytes(64)),
  empty: '',
}

for (const [what, text] of Object.entries(NO_KEYS))
  test(`no key: ${what}`, () => {
    const problem = keyProblem(`${text}\n`)
    assert.ok(problem)
    if (text !== '') assert.ok(!problem.includes(text))
  })

test('what openssl prints is a key, every time', async () => {
  for (let count = 0; count < 5000; count++) assert.equal(keyProblem(`${inBase64(randomBytes(32))}\r\n`), undefined)
})

test('check says what a start would, and warns of a file that others can read', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-keys-'))
  const file = join(directory, 'key')
  try {
    const setting = { port: 1, adminPort: 2, issuer: 'http://127.0.0.1:3', clientSecret: 's', directory }
    const configFile = await writeTorhausConfig({ ...setting, upstreamUrl: 'http://127.0.0.1:4' }, config => ({
      ...config,
      session: { ...config.session, encryptionKeyFiles: [file] },
    }))
    const check = () => run(process.execPath, [torhausCommand, 'check', '--config', configFile])
    await writeFile(file, inBase64(new Uint8Array(32)), { mode: 0o600 })
    assert.throws(() => readKey(file), /must contain random bytes/)
    await assert.rejects(check(), (error: Error & { code: number; stderr: string }) => {
      assert.equal(error.code, 78)
      assert.match(error.stderr, /session\.encryptionKeyFiles\[0\]: .*must contain random bytes/)
      return true
    })
    await writeFile(file, inBase64(randomBytes(32)))
    assert.doesNotMatch((await check()).stdout, /key has mode/)
    await chmod(file, 0o666)
    assert.match((await check()).stdout, /^warning: session\.encryptionKeyFiles\[0\]: .*key has mode 0666/m)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
