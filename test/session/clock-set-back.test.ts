/** Somebody sets the clock of the machine back by an hour: what was read before does not become younger by that. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { PatRegister } from '../../src/pats/pat-register.ts'
import { PAT_SCHEMA, SqlitePatStore } from '../../src/pats/sqlite-pat-store.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Sessions } from '../../src/session/sessions.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'
import { PERSON, settableClock } from './session-lab.ts'

const CACHE_MS = 1000
const HOUR_MS = 3_600_000

test('a sign-out at one worker is seen by another that was told nothing, once its copy is too old', async () => {
  const store = new SqliteSessionStore(SqliteDatabase.inMemory(SESSION_SCHEMA))
  const { surroundings, pass, set } = settableClock()
  const times = { idleTimeoutSeconds: 7200, absoluteTimeoutSeconds: 86_400, cacheMs: CACHE_MS, maxCached: 10 }
  const sealer = new Sealer([randomBytes(32)])
  const [one, other] = [0, 1].map(() => new Sessions(store, sealer, times, new Changes(), surroundings))
  assert.ok(one !== undefined && other !== undefined)
  const id = await one.open(PERSON, { refreshToken: undefined, idToken: undefined })
  assert.ok(await other.find(id))
  set(-HOUR_MS)
  await one.end(id)
  pass(CACHE_MS + 1)
  assert.equal(await other.find(id), undefined)
})

test('a token that its owner blocked is blocked for another worker, too', async () => {
  const store = new SqlitePatStore(SqliteDatabase.inMemory(PAT_SCHEMA))
  const { surroundings, pass, set } = settableClock()
  const register = new PatRegister(store, { cacheMs: CACHE_MS, maxCached: 10 }, new Changes(), surroundings)
  const use = { network: '192.0.2.1/32', clientClass: 'git', accountKey: PERSON.accountKey } as const
  await register.see(['fingerprint'], use)
  await register.flush()
  pass(CACHE_MS + 1)
  assert.equal((await register.find(['fingerprint']))?.isBlocked, false)
  set(-HOUR_MS)
  assert.equal(await store.blockPat(PERSON.accountKey, 'fingerprint', true, surroundings.now()), true)
  pass(CACHE_MS + 1)
  assert.equal((await register.find(['fingerprint']))?.isBlocked, true)
})
