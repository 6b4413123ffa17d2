import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

const MIB = 1_048_576
const ALMOST_FULL = 0.95
/** Enough for a day of sessions, or of audit records, of a large company. */
const PLENTY_MIB = 1024

export const examineDisks: Examination = async ({ config }) => {
  const { kind, sqlite } = config.session.store
  const written = [
    ...(kind === 'sqlite' ? [['session.store.sqlite.file', sqlite.file] as const] : []),
    ...(config.logging.auditFile === undefined ? [] : [['logging.auditFile', config.logging.auditFile] as const]),
  ]
  return written.flatMap(([option, fileName]) => roomFindings(option, dirname(fileName)))
}

function roomFindings(option: string, folder: string): Finding[] {
  if (!existsSync(folder)) return []
  const { bavail, blocks, bsize, ffree, files } = statfsSync(folder)
  const freeMiB = Math.floor((bavail * bsize) / MIB)
  const used = 1 - bavail / blocks
  const hasNoNames = files > 0 && ffree === 0
  if (!hasNoNames && (freeMiB >= PLENTY_MIB || used < ALMOST_FULL)) return []
  return [
    {
      what: hasNoNames
        ? `no more files can be created on the disk of ${folder} (inodes)`
        : `the disk of ${folder} is ${Math.floor(used * 100)} % full: ${freeMiB} MiB are left`,
      why: 'once it is full, nobody can sign in, and audit records wait in memory until they are dropped',
      remedy: 'free some space, or move the file to another disk; rotate the audit log',
      ...{ option, severity: freeMiB < 64 || hasNoNames ? 'error' : 'warning' },
    },
  ]
}
