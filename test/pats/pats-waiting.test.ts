import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { Fault } from '../../src/errors.ts'
import { PatRegister } from '../../src/pats/pat-register.ts'
import { PAT_SCHEMA, SqlitePatStore } from '../../src/pats/sqlite-pat-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

test('while the store takes nothing 10,000 tokens wait to be written, and one more is not noted; once it does, all are', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-pats-waiting-'))
  const database = new SqliteDatabase(join(directory, 'pats.sqlite'), PAT_SCHEMA)
  try {
    const store = new SqlitePatStore(database)
    const clocks = bothClocks(() => 1_800_000_000_000)
    const register = new PatRegister(store, { cacheMs: 1000, maxCached: 100 }, new Changes(), clocks)
    const ada = storedAccountKey('ada')
    const see = (token: string) =>
      register.see([token], { network: '192.0.2.1/32', accountKey: ada, clientClass: 'git' })

    const { recordUses } = store
    store.recordUses = () => {
      throw new Fault('store-unavailable')
    }
    for (let token = 0; token < 10_000; token++) assert.equal(await see(`token ${token}`), 'first_seen')
    await assert.rejects(async () => see('one more'), { code: 'store-unavailable' })
    assert.equal(await register.find(['one more']), undefined)
    assert.notEqual(await register.find(['token 0']), undefined)

    store.recordUses = recordUses
    assert.equal(await see('one more'), 'first_seen')
    assert.equal((await register.of([ada])).length, 10_001)
  } finally {
    database.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
