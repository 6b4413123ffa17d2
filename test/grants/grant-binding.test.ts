/** Grants are bound to the Torhaus whose page they were confirmed on, and to what was confirmed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bothClocks } from '../../devkit/torhaus/both-clocks.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import type { Cover } from '../../src/cover.ts'
import { Grants } from '../../src/grants/grants.ts'
import { GRANT_SCHEMA, SqliteGrantStore } from '../../src/grants/sqlite-grant-store.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { Changes } from '../../src/store/changes.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const NOW_MS = 1_800_000_000_000
const ADA = storedAccountKey('ada')
const [KEY, NEWER_KEY] = [randomBytes(32), randomBytes(32)]
const OWNER = 'https://op.example.com https://devops.example.com'
const FETCH: Cover = { what: 'repositories', access: 'read', prefix: '/repo' }
const SETTINGS = {
  ...{ lifetimeSeconds: 600, requestLifetimeSeconds: 600, cacheMs: 0, maxCached: 10 },
  ...{ ipv4PrefixBits: 32, ipv6PrefixBits: 64 },
}
const ASKING = { clientAddress: '192.0.2.1', clientClass: 'git', fields: { kept: {} } } as never

const database = SqliteDatabase.inMemory(GRANT_SCHEMA)
const torhaus = (sealer = new Sealer([KEY], OWNER), requireBinding = true) =>
  new Grants(
    new SqliteGrantStore(database),
    sealer,
    { ...SETTINGS, requireBinding },
    new Changes(),
    bothClocks(() => NOW_MS),
  )

async function confirmed(cover: Cover = FETCH): Promise<void> {
  const grants = torhaus()
  const scope = grants.scopeOf(ADA, ASKING)
  const { request } = await grants.ask(scope, ASKING, { maxAgeSeconds: 600, acceptAcr: undefined }, cover)
  const evidence = { acr: 'mfa', acrs: ['c1'], amr: ['pwd', 'otp'], authTime: NOW_MS / 1000 }
  assert.equal(await grants.confirm(request, ADA, evidence), 'confirmed')
}

async function counting(grants = torhaus()): Promise<(string | undefined)[]> {
  const found = await grants.find(grants.scopeOf(ADA, ASKING))
  const listed = await grants.of(ADA)
  assert.deepEqual(listed, found === undefined ? [] : [found], 'what passes, and what is shown, are the same')
  return (found?.confirmations ?? []).map(({ cover }) => cover?.prefix)
}

function empty(): void {
  for (const table of ['second_factor_grant', 'grant_confirmations']) database.update(`DELETE FROM ${table}`)
}

const inStore = (change: (text: string) => string) => {
  const row = database.row('SELECT confirmations FROM grant_confirmations')
  database.update('UPDATE grant_confirmations SET confirmations = ?', change(String(row?.confirmations)))
}

test('another key, another OP and another name are another Torhaus: none accepts what was confirmed at the other', async () => {
  empty()
  await confirmed()
  assert.deepEqual(await counting(), ['/repo'])
  for (const other of [
    new Sealer([NEWER_KEY], OWNER),
    new Sealer([KEY], 'https://op.example.com https://other.example.com'),
  ])
    for (const requireBinding of [true, false]) assert.deepEqual(await counting(torhaus(other, requireBinding)), [])
  assert.deepEqual(await counting(torhaus(new Sealer([NEWER_KEY, KEY], OWNER))), ['/repo'], 'a key in exchange')
})

test('whoever writes into the store makes no grant cover more, last longer, or count for somebody else', async () => {
  const changes: readonly (readonly [string, string])[] = [
    ['repositories read /repo', 'repositories read /'],
    [`"expiresAtMs":${NOW_MS + 600_000}`, `"expiresAtMs":${NOW_MS + 900_000}`],
    [`"grantedAtMs":${NOW_MS}`, `"grantedAtMs":${NOW_MS + 1}`],
    ['"acr":"mfa"', '"acr":"phr"'],
    ['"amr":["pwd"', '"amr":["hwk"'],
    // As if the OP guaranteed a second factor by its policy.
    ['"amr":["pwd"', '"byPolicy":true,"amr":["pwd"'],
  ]
  for (const [from, to] of changes) {
    empty()
    await confirmed()
    inStore(text => {
      assert.ok(text.includes(from), `${from} in ${text}`)
      return text.replace(from, to)
    })
    for (const requireBinding of [true, false])
      assert.deepEqual(await counting(torhaus(undefined, requireBinding)), [], to)
  }
  empty()
  await confirmed()
  database.update("UPDATE second_factor_grant SET account = 'bob'")
  assert.deepEqual(await torhaus().of(storedAccountKey('bob')), [])
  for (const elsewhere of ["network = '198.51.100.0/24'", "client_class = 'rest'"]) {
    empty()
    await confirmed()
    database.update(`UPDATE second_factor_grant SET ${elsewhere}`)
    assert.deepEqual(await torhaus().of(ADA), [], elsewhere)
  }
})

test('what another version has let be confirmed, and this one cannot read, covers nothing', async () => {
  empty()
  await confirmed()
  inStore(text => text.replace(/"binding":"[^"]+",/, '').replace('repositories read /repo', 'packages read /repo'))
  assert.deepEqual(await counting(torhaus(undefined, false)), [])
})

test('what was confirmed at a version before counts until it must be bound; what is beside it counts on', async () => {
  empty()
  await confirmed()
  inStore(text => text.replace(/"binding":"[^"]+",/, ''))
  assert.deepEqual(await counting(torhaus(undefined, false)), ['/repo'])
  assert.deepEqual(await counting(), [])
  await confirmed({ ...FETCH, prefix: '/other' })
  assert.deepEqual(await counting(torhaus(undefined, false)), ['/other', '/repo'])
  assert.deepEqual(await counting(), ['/other'])
})

test('what was confirmed before stays bound in the grant that takes its place', async () => {
  empty()
  await confirmed()
  await confirmed({ ...FETCH, prefix: '/other' })
  assert.deepEqual(await counting(), ['/other', '/repo'])
})
