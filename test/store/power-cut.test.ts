/**
 * What ends access is on the disk before it is told. No test cuts the power; that SQLite waits for the disk is what is
 * seen, by strace: fsync and fdatasync.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempDisposable, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)
const SOURCE = join(import.meta.dirname, '../../src')
const TIMES = 5

/** Of a process that opens the store, writes what is to be ended, and does that so often. */
const program = (file: string, done: string) => `
  import { GRANT_SCHEMA, SqliteGrantStore } from '${SOURCE}/grants/sqlite-grant-store.ts'
  import { PAT_CONFIRMATION_SCHEMA, SqlitePatConfirmationStore } from '${SOURCE}/pats/sqlite-pat-confirmation-store.ts'
  import { PAT_SCHEMA, SqlitePatStore } from '${SOURCE}/pats/sqlite-pat-store.ts'
  import { SESSION_SCHEMA, SqliteSessionStore } from '${SOURCE}/session/sqlite-session-store.ts'
  import { SqliteDatabase } from '${SOURCE}/store/sqlite-database.ts'
  const schema = SESSION_SCHEMA + GRANT_SCHEMA + PAT_SCHEMA + PAT_CONFIRMATION_SCHEMA
  const database = new SqliteDatabase(${JSON.stringify(file)}, schema)
  const [sessions, grants] = [new SqliteSessionStore(database), new SqliteGrantStore(database)]
  const [pats, confirmations] = [new SqlitePatStore(database), new SqlitePatConfirmationStore(database)]
  const whose = { account: 'ada', accountKey: 'ada', evidence: { acrs: [], amr: [] }, binding: 'b' }
  const seen = { firstSeenAtMs: 1, lastSeenAtMs: 1, networks: [], clientClasses: [], accountKey: 'ada', isBlocked: false }
  const decided = { accountKey: 'ada', network: '192.0.2.0/24', decidedAtMs: 1, expiresAtMs: 9 }
  for (let n = 0; n < ${TIMES}; n++) {
    const at = { createdAtMs: 1, lastSeenAtMs: 1, refreshedAtMs: 1 }
    sessions.createSession({ key: 'key-' + n, subject: 'subject-' + n, ...whose, ...at })
    pats.recordUses([{ fingerprint: 'pat-' + n, ...seen }])
    database.run("INSERT INTO second_factor_grant VALUES (?, '192.0.2.0/24', 'git', ?, '', '', 1, 9, 1, NULL)", 'ada-' + n, 'grant-' + n)
  }
  for (let n = 0; n < ${TIMES}; n++) { ${done} }
  process.kill(process.pid, 'SIGKILL')`

/** Waits for the disk in the life of that process. */
async function waitsOf(done: string): Promise<number> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'torhaus-power-'))
  const [calls, file] = [join(directory.path, 'calls'), join(directory.path, 'store.sqlite')]
  const node = [process.execPath, '--input-type=module', '-e', program(file, done)]
  const strace = ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', calls, ...node]
  await run('strace', strace, { timeout: 180_000 }).catch((error: Error & { signal?: string; stderr?: string }) => {
    // So it ends: a database that is closed waits for the disk as well.
    if (error.signal !== 'SIGKILL') throw error
  })
  return (await readFile(calls, 'utf8')).split('\n').filter(line => /f(data)?sync\(/.test(line)).length
}

/** Installed, and allowed to: in some containers it is not. */
const hasStrace = await run('strace', ['-qq', '-o', '/dev/null', 'true']).then(
  () => true,
  () => false,
)

test('a sign-out, a block, a withdrawal and a grant taken back wait for the disk; what is noted does not', {
  skip: hasStrace ? false : 'strace is not installed, or may not trace',
}, async () => {
  const noted = await waitsOf("sessions.touchSession('key-' + n, 2)")
  const decide = (isWithdrawn: boolean) =>
    `confirmations.keepConfirmation({ ...decided, fingerprint: 'pat-' + n, isWithdrawn: ${isWithdrawn} })`
  assert.equal(await waitsOf(decide(false)), noted)
  const ends: readonly (readonly [what: string, done: string])[] = [
    ['a sign-out', "sessions.deleteSession('key-' + n)"],
    ['everything of a person', "sessions.deleteSessions({ subject: 'subject-' + n })"],
    ['a grant', "grants.revokeGrant('ada-' + n, 'grant-' + n)"],
    ['all grants', "grants.revokeGrantsOf('ada-' + n)"],
    ['a block', "pats.blockPat('ada', 'pat-' + n, true, 1)"],
    ['a withdrawal', decide(true)],
  ]
  for (const [what, done] of ends) {
    const more = (await waitsOf(done)) - noted
    assert.ok(more >= TIMES, `${what}: ${more}`)
  }
})
