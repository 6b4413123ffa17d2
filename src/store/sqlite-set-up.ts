/** Whether the place of a SQLite file is one where it can live. */
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { StoreFinding } from './store-finding.ts'

const LITTLE_ROOM_BYTES = 67_108_864
/** Numbers of statfs(2): NFS, SMB and its successors. */
const NETWORK_FILE_SYSTEMS = [0x6969, 0x517b, 0xff534d42, 0xfe534d42]

/** Throws where the folder is not there. */
export function sqliteSetUpFindings(file: string): StoreFinding[] {
  const { type, bavail, bsize } = statfsSync(dirname(file))
  const findings: StoreFinding[] = []
  if (bavail * bsize < LITTLE_ROOM_BYTES)
    findings.push({
      code: 'sqlite-room',
      severity: 'warning',
      message: `there is little room where ${file} lies: on a full disk nobody can sign in`,
      remedy: 'make room, or move session.store.sqlite.file',
    })
  if (NETWORK_FILE_SYSTEMS.includes(type))
    findings.push({
      code: 'sqlite-network',
      severity: 'warning',
      message: `${file} lies on a network file system, whose locks SQLite cannot rely on`,
      remedy: 'put session.store.sqlite.file on a local disk; for several machines use Redis (docs/redis.md)',
    })
  return findings
}
