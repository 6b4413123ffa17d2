import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { testGrantStore } from './grant-store-contract.ts'

testGrantStore(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-grants-'))
  const open = () => new SqliteDatabase(join(directory, 'grants.sqlite'), GRANT_SCHEMA)
  const databases = [open(), open()] as const
  return {
    stores: [new SqliteGrantStore(databases[0]), new SqliteGrantStore(databases[1])],
    async close() {
      for (const database of databases) database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
