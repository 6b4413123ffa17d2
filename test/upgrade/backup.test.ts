/** What the page on operations says of a backup: taken while it runs, it opens on another machine with the same keys. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

let directory: string
let first: SignInLab
before(async () => {
  await ensureDebianPackages(['sqlite3'])
  directory = await mkdtemp(join(tmpdir(), 'torhaus-backup-'))
  first = await startSignInLab({
    configure: config => ({
      ...config,
      session: { ...config.session, sharedAs: 'one Torhaus', store: { sqlite: { file: join(directory, 'store') } } },
    }),
  })
})
after(async () => {
  await first?.close()
  await rm(directory, { recursive: true, force: true })
})

/** Another machine with the copy, and with these keys or its own. */
const startOther = (keyFile?: string) =>
  startSignInLab({
    configure: config => ({
      ...config,
      session: {
        ...config.session,
        ...{ sharedAs: 'one Torhaus', store: { sqlite: { file: join(directory, 'copy') } } },
        ...(keyFile === undefined ? {} : { encryptionKeyFiles: [keyFile] }),
      },
    }),
  })

test('a copy of the store has who was signed in when it was taken, for who has the keys, and nobody without', async () => {
  const early = await first.signedIn()
  await runCommand('sqlite3', [join(directory, 'store'), `.backup ${join(directory, 'copy')}`])
  const late = await first.signedIn()
  assert.equal((await late.send(`${first.url}/page`)).status, 200)
  const statusAt = async (keyFile: string | undefined) => {
    const other = await startOther(keyFile)
    try {
      return [(await early.send(`${other.url}/page`)).status, (await late.send(`${other.url}/page`)).status]
    } finally {
      await other.close()
    }
  }
  assert.deepEqual(await statusAt(undefined), [302, 302])
  assert.deepEqual(await statusAt(join(dirname(first.configFile), 'session-key')), [200, 302])
})
