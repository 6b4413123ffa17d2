import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ATTEMPT_SCHEMA, SqliteAttemptStore } from '../../../src/limits/sqlite-attempt-store.ts'
import { SqliteDatabase } from '../../../src/store/sqlite-database.ts'
import { testAttemptLimits } from '../../limits/attempt-limits-contract.ts'

testAttemptLimits(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-attempts-'))
  const open = () => new SqliteDatabase(join(directory, 'attempts.sqlite'), ATTEMPT_SCHEMA)
  const databases = [open(), open()] as const
  return {
    stores: [new SqliteAttemptStore(databases[0]), new SqliteAttemptStore(databases[1])],
    clear: async () => void databases[0].run('DELETE FROM attempt'),
    async close() {
      for (const database of databases) database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
