/** Whether the location of an SQLite file is suitable for it. */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StoreFinding } from './store-finding.ts'

const LITTLE_ROOM_BYTES = 67_108_864
/** File system types of statfs(2): NFS, SMB and its successors. */
const NETWORK_FILE_SYSTEMS = [0x6969, 0x517b, 0xff534d42, 0xfe534d42]

/** Throws if the folder does not exist. */
export function sqliteSetUpFindings(file: string): StoreFinding[] {
  const { type, bavail, bsize } = statfsSync(dirname(file))
  const findings: StoreFinding[] = []
  if (bavail * bsize < LITTLE_ROOM_BYTES)
    findings.push({
      code: 'sqlite-room',
      severity: 'warning',
      message: `the disk of ${file} has little space left: when it is full, nobody can sign in`,
      remedy: 'free some space, or move session.store.sqlite.file',
    })
  if (NETWORK_FILE_SYSTEMS.includes(type))
    findings.push({
      code: 'sqlite-network',
      severity: 'warning',
      message: `${file} is on a network file system, whose locks SQLite cannot rely on`,
      remedy: 'put session.store.sqlite.file on a local disk; for several machines use Redis (docs/redis.md)',
    })
  return findings
}
