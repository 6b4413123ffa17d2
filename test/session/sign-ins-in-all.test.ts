import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { sampleSignIn } from './store-contract.ts'

test('past 100,000 sign-ins under way the oldest sign-in of all makes room, whoever began it', async () => {
  const database = SqliteDatabase.inMemory(SESSION_SCHEMA)
  try {
    const store = new SqliteSessionStore(database)
    const begin = (name: string) => store.addSignIn(sampleSignIn({ state: name, browserKey: name }), 8)
    await begin('first')
    await begin('second')
    database.run(
      `WITH RECURSIVE other(n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM other WHERE n < 100000)
       INSERT INTO sign_in_attempt (state, browser_key, nonce, code_verifier, return_to, expires_at, max_age, acr_values)
       SELECT 'state ' || n, 'browser ' || n, '', '', '/', 20000, 900, '[]' FROM other`,
    )
    await begin('one more')
    assert.equal(await store.takeSignIn('first'), undefined)
    assert.equal((await store.takeSignIn('second'))?.state, 'second')
    assert.equal((await store.takeSignIn('one more'))?.state, 'one more')
  } finally {
    database.close()
  }
})
