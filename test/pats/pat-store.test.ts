import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PAT_SCHEMA, SqlitePatStore } from '../../src/pats/sqlite-pat-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { testPatStore } from './pat-store-contract.ts'

testPatStore(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-pats-'))
  const open = () => new SqliteDatabase(join(directory, 'pats.sqlite'), PAT_SCHEMA)
  const databases = [open(), open()] as const
  return {
    stores: [new SqlitePatStore(databases[0]), new SqlitePatStore(databases[1])],
    async close() {
      for (const database of databases) database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})
