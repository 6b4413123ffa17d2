/**
 * Files that Torhaus makes and writes: whether it can is found while the configuration is checked, and not by workers
 * that start again and again.
 */
import { accessSync, closeSync, constants, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Report } from './diagnostic.ts'
import type { Config } from './schema.ts'

export function checkStoreFile({ session }: Config, report: Report): void {
  const { kind, sqlite } = session.store
  if (kind !== 'sqlite') return
  const problem =
    outputProblem(sqlite.file) ??
    noFileProblem(sqlite.file) ??
    folderProblem(dirname(sqlite.file)) ??
    databaseProblem(sqlite.file)
  if (problem !== undefined) report('session.store.sqlite.file', problem)
}

export function checkAuditFile({ logging: { auditFile }, session }: Config, report: Report): void {
  const { kind, sqlite } = session.store
  if (kind === 'sqlite' && auditFile === sqlite.file)
    return report(
      'logging.auditFile',
      'is also the file of the store, which audit records would destroy: name another file',
    )
  const problem = auditFile === undefined ? undefined : outputProblem(auditFile)
  if (problem !== undefined) report('logging.auditFile', problem)
}

export function checkReplayDirectory({ kerberos }: Config, report: Report): void {
  const folder = kerberos?.replayCacheDirectory
  const problem = folder === undefined ? undefined : replayProblem(folder)
  if (problem !== undefined) report('kerberos.replayCacheDirectory', problem)
}

const OTHERS_WRITE = 0o022

/** Whoever can write there takes away what was seen, and so can the owner. It is made where it is missing. */
export function replayProblem(folder: string): string | undefined {
  const about = aboutOf(folder, lstatSync)
  if (about === undefined) return nearestProblem(dirname(folder))
  if (!about.isDirectory()) return `${folder} is not a folder, but must be a folder owned by the account of Torhaus`
  const problem = accessProblem(folder, constants.W_OK | constants.X_OK)
  if (problem !== undefined || process.platform === 'win32') return problem
  const account = process.getuid?.() ?? ROOT
  const isOurs = account === ROOT || about.uid === account
  if (isOurs && (about.mode & OTHERS_WRITE) === 0) return undefined
  return `${folder} can be written by other accounts, but must be writable only by the account of Torhaus: \`chown ACCOUNT\` and \`chmod 0700\``
}

/** Looks in place of the account of the service, perhaps. */
const ROOT = 0

/** Folders on the way are made, too. */
function nearestProblem(folder: string): string | undefined {
  if (aboutOf(folder) !== undefined || dirname(folder) === folder) return folderProblem(folder)
  return nearestProblem(dirname(folder))
}

/** Why the file can be neither written nor made, in words. */
function outputProblem(fileName: string): string | undefined {
  const about = aboutOf(fileName)
  if (about === undefined) return folderProblem(dirname(fileName))
  if (about.isDirectory()) return `${fileName} is a folder: name a file in it`
  if (about.isSocket()) return `${fileName} is a socket: name a regular file`
  return accessProblem(fileName, constants.R_OK | constants.W_OK)
}

/** A pipe is fit for records, and for nothing that is read again. */
function noFileProblem(fileName: string): string | undefined {
  return (aboutOf(fileName)?.isFile() ?? true)
    ? undefined
    : `${fileName} is a pipe, a socket or a device: name a regular file`
}

/** SQLite makes files of its own beside the database. */
export function folderProblem(folder: string): string | undefined {
  const about = aboutOf(folder)
  if (about === undefined)
    return `the folder ${folder} does not exist: create it for the account of Torhaus, or name another folder`
  if (!about.isDirectory()) return `${folder} is not a folder`
  return accessProblem(folder, constants.W_OK | constants.X_OK)
}

function aboutOf(name: string, look: (name: string) => Stats = statSync): Stats | undefined {
  try {
    return look(name)
  } catch {
    return undefined
  }
}

export const elsewhereOn = (platform: NodeJS.Platform) =>
  platform === 'win32'
    ? 'name a folder that it owns, such as C:\\ProgramData\\torhaus\\data, and grant it access: `icacls FOLDER /grant "ACCOUNT:(OI)(CI)M"`'
    : 'name a folder that it owns, such as /var/lib/torhaus or /var/log/torhaus'

function accessProblem(name: string, mode: number): string | undefined {
  try {
    accessSync(name, mode)
    return undefined
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EROFS') return `${name} is on a read-only file system: ${elsewhereOn(process.platform)}`
    if (code === 'EACCES' || code === 'EPERM')
      return `${name} cannot be written by this account: ${elsewhereOn(process.platform)}`
    return `${name} cannot be written: ${message}`
  }
}

/** https://www.sqlite.org/fileformat.html, 1.3. */
const SQLITE_MAGIC = 'SQLite format 3\0'

function databaseProblem(fileName: string): string | undefined {
  if ((aboutOf(fileName)?.size ?? 0) === 0) return undefined
  const head = Buffer.alloc(SQLITE_MAGIC.length)
  const descriptor = openSync(fileName, 'r')
  try {
    readSync(descriptor, head)
  } finally {
    closeSync(descriptor)
  }
  return head.toString('latin1') === SQLITE_MAGIC
    ? undefined
    : `${fileName} is not an SQLite database, or is damaged: move it away, and Torhaus creates a new one (everyone has to sign in again)`
}
