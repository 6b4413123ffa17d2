import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { storedAccountKey } from '../../src/account-key.ts'
import { PAT_CONFIRMATION_SCHEMA, SqlitePatConfirmationStore } from '../../src/pats/sqlite-pat-confirmation-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { testPatConfirmationStore } from './pat-confirmation-store-contract.ts'

testPatConfirmationStore(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-pat-confirmations-'))
  const open = () => new SqliteDatabase(join(directory, 'pats.sqlite'), PAT_CONFIRMATION_SCHEMA)
  const databases = [open(), open()] as const
  return {
    stores: [new SqlitePatConfirmationStore(databases[0]), new SqlitePatConfirmationStore(databases[1])],
    async close() {
      for (const database of databases) database.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
})

test('the sweep leaves no row behind', async () => {
  using database = SqliteDatabase.inMemory(PAT_CONFIRMATION_SCHEMA)
  const store = new SqlitePatConfirmationStore(database)
  const scope = { accountKey: storedAccountKey('ada'), fingerprint: 'f', network: '192.0.2.7/32' }
  await store.keepConfirmation({ ...scope, isWithdrawn: true, decidedAtMs: 1, expiresAtMs: 10 })
  await store.sweepConfirmations(10)
  assert.deepEqual(store.confirmationsFor('f'), [])
})
