/** A grant that is taken back on a store that takes no writes counts no more, at any process. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { Fault } from '../../src/errors.ts'
import type { Grant } from '../../src/grants/grant-store.ts'
import { Grants } from '../../src/grants/grants.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const ADA = storedAccountKey('ada')
const NOW_MS = 1_800_000_000_000
const SEALER = new Sealer([randomBytes(32)])
const SETTINGS = {
  requireBinding: false,
  ...{ lifetimeSeconds: 600, requestLifetimeSeconds: 600, cacheMs: 60_000, maxCached: 10 },
  ...{ ipv4PrefixBits: 24, ipv6PrefixBits: 56 },
}

const CONFIRMATION = {
  ...{ cover: undefined, grantedAtMs: NOW_MS, expiresAtMs: NOW_MS + 600_000 },
  evidence: { acr: undefined, acrs: [], amr: [], authTime: NOW_MS / 1000 },
  binding: undefined,
}

class FullStore extends SqliteGrantStore {
  isFull = false
  override revokeGrant(accountKey: typeof ADA, id: string) {
    if (this.isFull) throw new Fault('store-unavailable')
    return super.revokeGrant(accountKey, id)
  }
  override revokeGrantsOf(accountKey: typeof ADA) {
    if (this.isFull) throw new Fault('store-unavailable')
    return super.revokeGrantsOf(accountKey)
  }
}

test('one grant, and all of an account', async () => {
  const database = SqliteDatabase.inMemory(GRANT_SCHEMA)
  const store = new FullStore(database)
  const [changes, otherChanges] = [new Changes(), new Changes()]
  changes.connect(change => otherChanges.receive(change))
  const grants = new Grants(
    store,
    SEALER,
    SETTINGS,
    changes,
    bothClocks(() => NOW_MS),
  )
  const others = new Grants(
    store,
    SEALER,
    SETTINGS,
    otherChanges,
    bothClocks(() => NOW_MS),
  )
  const scopes = ['192.0.2.0/24', '198.51.100.0/24'].map(network => ({
    accountKey: ADA,
    network,
    clientClass: 'git' as const,
  }))
  for (const [index, scope] of scopes.entries()) {
    const request = {
      ...{ ...scope, code: `C${index}`, clientAddress: '192.0.2.1', userAgent: 'git', createdAtMs: NOW_MS },
      ...{ expiresAtMs: NOW_MS + 1000, maxAgeSeconds: 600, acceptAcr: undefined, cover: undefined },
    }
    await store.openRequest(request, NOW_MS)
    const grant: Grant = {
      ...{ ...scope, id: `g${index}`, clientAddress: '192.0.2.1', userAgent: 'git' },
      confirmations: [CONFIRMATION],
    }
    assert.ok(await store.confirm(`C${index}`, grant))
  }
  const good = async (who: Grants) => {
    const found = await Promise.all(scopes.map(async scope => who.find(scope)))
    return found.map(grant => grant?.id)
  }
  assert.deepEqual(
    [await good(grants), await good(others)],
    [
      ['g0', 'g1'],
      ['g0', 'g1'],
    ],
  )
  store.isFull = true
  assert.equal(await grants.revoke(ADA, 'g0'), true)
  assert.equal(await grants.revoke(ADA, 'made-up'), false)
  assert.deepEqual(
    [await good(grants), await good(others)],
    [
      [undefined, 'g1'],
      [undefined, 'g1'],
    ],
  )
  await grants.revokeAll(ADA)
  assert.deepEqual(
    [await good(grants), await good(others)],
    [
      [undefined, undefined],
      [undefined, undefined],
    ],
  )
  assert.deepEqual(await others.of(ADA), [])
  store.isFull = false
  await eventually(async () => (await store.grantsOf(ADA)).length === 0, 'the store has it')
  // A replica that did not have that yet is master now.
  const [scope] = scopes
  assert.ok(scope)
  const request = {
    ...{ ...scope, code: 'AGAIN', clientAddress: '192.0.2.1', userAgent: 'git', createdAtMs: NOW_MS },
    ...{ expiresAtMs: NOW_MS + 1000, maxAgeSeconds: 600, acceptAcr: undefined, cover: undefined },
  }
  await store.openRequest(request, NOW_MS)
  const lost = { ...scope, id: 'g0', clientAddress: '192.0.2.1', userAgent: 'git', confirmations: [CONFIRMATION] }
  assert.ok(await store.confirm('AGAIN', lost))
  changes.receive({ kind: 'missed' })
  assert.equal(await grants.find(scope), undefined)
  await eventually(async () => (await store.grantsOf(ADA)).length === 0, 'taken back again')
  database.close()
})
