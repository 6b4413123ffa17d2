/**
 * The operator's command on a store file that was put in the place of another under a running Torhaus, as in a restore.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

const run = promisify(execFile)
let directory: string
let file: string
let lab: SignInLab

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-end-moved-'))
  file = join(directory, 'store.sqlite')
  lab = await startSignInLab({
    configure: config => ({ ...config, session: { ...config.session, cacheMs: 4000, store: { sqlite: { file } } } }),
  })
})
after(async () => {
  await lab?.close()
  await rm(directory, { recursive: true, force: true })
})

async function isAlive(browser: BrowserClient): Promise<boolean> {
  const copy = new BrowserClient()
  copy.plant(SESSION_COOKIE, browser.cookies.get(SESSION_COOKIE)?.value ?? '')
  return (await copy.send(`${lab.url}/`)).status === 200
}

const end = () =>
  run(process.execPath, [torhausCommand, 'sessions', 'end', '--config', lab.configFile, '--account', 'ada'], {
    timeout: 180_000,
  })

test('once it says that sessions have ended, no running process lets them pass', async () => {
  const browser = await lab.signedIn()
  assert.ok(await isAlive(browser))
  const { stdout } = await end()
  assert.match(stdout, /^sessions ended: 1$/m)
  assert.equal(await isAlive(browser), false)
})

test('neither where the file was replaced by a copy just before', async () => {
  const browser = await lab.signedIn()
  const copy = join(directory, 'copy.sqlite')
  const database = new DatabaseSync(file)
  database.exec(`VACUUM INTO '${copy}'`)
  database.close()
  assert.ok(await isAlive(browser))
  for (const ending of ['-wal', '-shm']) await rm(file + ending, { force: true })
  await rename(copy, file)
  const { stdout } = await end()
  assert.match(stdout, /^sessions ended: 1$/m)
  assert.equal(await isAlive(browser), false)
})

test('where the file is moved away meanwhile, it is no success', async () => {
  await lab.signedIn()
  const ended = end()
  // As soon as it has deleted, which a reader of the file sees.
  const database = new DatabaseSync(file, { readOnly: true })
  const left = database.prepare('SELECT count(*) AS number FROM person_session')
  while (left.get()?.number !== 0) await new Promise(resolve => setTimeout(resolve, 20))
  database.close()
  await rename(file, `${file}.moved`)
  await assert.rejects(ended, (error: Error & { stderr: string }) => {
    assert.match(error.stderr, /moved or replaced/)
    return true
  })
  await rename(`${file}.moved`, file)
})
