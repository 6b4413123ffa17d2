import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { conditionOf, remedyOf, type SqliteCondition } from '../store/sqlite-condition.ts'
import { sqliteSetUpFindings } from '../store/sqlite-set-up.ts'
import type { DoctorContext, Examination } from './examination.ts'
import { type Finding, Skipped } from './finding.ts'
import { setUpFindings } from './set-up-findings.ts'

const OPTION = 'session.store.sqlite.file'
const WAIT_MS = 2000

/** The SQLite file; that of a service that runs is left as it is. */
export const examineStore: Examination = async ({ config, userId }) => {
  const { kind, sqlite } = config.session.store
  if (kind !== 'sqlite') throw new Skipped('the store is Redis')
  if (!existsSync(sqlite.file)) throw new Skipped(`${sqlite.file} does not exist yet; the first start creates it`)
  // How much room there is, `disks` tells.
  const setUp = sqliteSetUpFindings(sqlite.file).filter(({ code }) => code !== 'sqlite-room')
  return [...ownerFindings(sqlite.file, userId), ...conditionFindings(sqlite.file), ...setUpFindings(setUp, OPTION)]
}

function ownerFindings(fileName: string, userId: DoctorContext['userId']): Finding[] {
  const { uid, mode } = statSync(fileName)
  const findings: Finding[] = []
  if (userId !== undefined && userId !== 0 && uid !== userId)
    findings.push({
      what: `${fileName} belongs to account ${uid}, but this check ran as account ${userId}`,
      why: 'SQLite creates its log with the permissions of the file, so the service may not be able to access it',
      remedy: `chown it, with its -wal and -shm files, to the account of the service`,
      ...{ option: OPTION, severity: 'warning' },
    })
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    findings.push({
      what: `${fileName} has mode 0${(mode & 0o777).toString(8)}`,
      why: 'it contains accounts and claims, which other accounts must not read',
      remedy: `chmod 0600 ${fileName}`,
      ...{ option: OPTION, severity: 'warning' },
    })
  return findings
}

function conditionFindings(fileName: string): Finding[] {
  try {
    using database = new DatabaseSync(fileName, { timeout: WAIT_MS })
    const answer = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0]
    if (answer !== 'ok') return [unusable(fileName, String(answer), 'corrupt')]
    // Whether it can be written, without writing.
    database.exec('BEGIN IMMEDIATE; ROLLBACK')
    return []
  } catch (error) {
    return [unusable(fileName, (error as Error).message, conditionOf(error))]
  }
}

const unusable = (fileName: string, said: string, condition: SqliteCondition): Finding => ({
  what: `SQLite says of ${fileName}: ${said}`,
  why: 'Torhaus does not start, or nobody can sign in',
  remedy: remedyOf(condition),
  ...{ option: OPTION, severity: 'error' },
})
