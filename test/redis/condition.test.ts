/** A Redis that answers and refuses: /readyz, metric and log say so, of an idle Torhaus too, and when it is over. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formTo } from '../../devkit/clients/own-forms.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import type { GrantsLab } from '../grants/grants-lab.ts'
import { type SharedLabs, startSharedLabs } from './shared-labs.ts'

let redis: RedisProcess
let shared: SharedLabs
let lab: GrantsLab

before(async () => {
  redis = await startRedis({ lines: ['maxmemory-policy noeviction'] })
  shared = await startSharedLabs(1, { urls: [redis.url] })
  lab = shared.labs[0] as GrantsLab
})
after(async () => {
  await shared?.close()
  await redis.close()
})

const condition = async (): Promise<unknown> => {
  const answer = await fetch(`${lab.fixture.adminUrl}/readyz`)
  return ((await answer.json()) as { parts: { store: unknown } }).parts.store
}
const is = (expected: string) => eventually(async () => (await condition()) === expected, `the store is ${expected}`)
const logged = () =>
  lab.fixture.log.filter(record => record['event.action'] === 'store').map(record => record['torhaus.store'])

const FAULTS: Readonly<Record<string, readonly [string[], string[]]>> = {
  full: [
    ['CONFIG', 'SET', 'maxmemory', '1mb'],
    ['CONFIG', 'SET', 'maxmemory', '0'],
  ],
  'read-only': [
    ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
    ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
  ],
}

for (const [name, [begin, end]] of Object.entries(FAULTS))
  test(`${name}: told without any request, and told when it is over`, async () => {
    await is('available')
    const before = logged().length
    await redis.cli(...begin)
    await is(name)
    assert.equal(await lab.metric('torhaus_store_up'), 0)
    await redis.cli(...end)
    await is('available')
    assert.equal(await lab.metric('torhaus_store_up'), 1)
    assert.deepEqual(logged().slice(before), [name, 'available'])
  })

test('a replica takes no writes: that is told, and sessions go on', async () => {
  const person = await lab.person()
  const cookie = `Cookie: torhaus=${person.cookies.get('torhaus')?.value}`
  const master = await startRedis()
  try {
    await redis.cli('CONFIG', 'SET', 'repl-diskless-load', 'disabled')
    await redis.cli('CONFIG', 'SET', 'replica-serve-stale-data', 'yes')
    // A master that is not there: what the replica holds, it keeps.
    await master.kill()
    await redis.cli('REPLICAOF', '127.0.0.1', String(master.port))
    await is('read-only')
    assert.equal((await lab.ask('GET /', [cookie])).status, 200)
    await redis.cli('REPLICAOF', 'NO', 'ONE')
    await is('available')
  } finally {
    await master.close()
  }
})

test('a user who may not do what Torhaus needs, and a key that holds something else', async () => {
  const person = await lab.person()
  await redis.cli('ACL', 'SETUSER', 'default', '-del')
  assert.equal((await person.submit(`${lab.fixture.url}/.torhaus/sign-out`, '/.torhaus/sign-out')).status, 303)
  await is('refused')
  const record = lab.fixture.log.findLast(({ 'torhaus.store': store }) => store === 'refused')
  assert.match(String(record?.['error.message']), /ACL|NOPERM|can't run/)
  await redis.cli('ACL', 'SETUSER', 'default', '+@all')
  const other = await lab.person()
  const { url } = lab.fixture
  const form = formTo((await other.get(`${url}/.torhaus/`)).text, '/.torhaus/sign-out-everywhere')
  assert.ok(form)
  const [name] = (await redis.cli('KEYS', '*:sessions-by-account-key:*')).split('\n')
  await redis.cli('DEL', name ?? '')
  await redis.cli('SET', name ?? '', 'something else')
  const answer = await other.send(`${url}/.torhaus/sign-out-everywhere`, { method: 'POST', origin: url, form })
  assert.equal(answer.status, 503)
  await is('corrupt')
})
