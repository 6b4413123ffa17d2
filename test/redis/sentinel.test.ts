/** Sessions behind Redis Sentinel: the master dies, its replica takes over, and the sessions are there. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type OpenLink, openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import type { Change } from '../../src/store/changes.ts'
import type { RedisSettings } from '../../src/store/redis-driver.ts'
import { system } from '../../src/system.ts'
import { sampleSession, testStoreContract } from '../session/store-contract.ts'
import { openProcess, settled, TOKEN, testTold, writeAll } from '../store/told-contract.ts'
import { documentedUser } from './documented-user.ts'
import { expectFollowed, testFewCommands } from './followed.ts'

const TIMES = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600 }
/** A replica that reads from nothing is enough of a fail-over; the default waits for a rush of them. */
const QUICK = ['repl-diskless-sync-delay 0', 'repl-ping-replica-period 1']
const FAIL_OVER_MS = 60_000

const PASSWORD = 'correct-horse'

let directory: string
let master: RedisProcess
let replica: RedisProcess
let sentinel: RedisProcess
let settings: RedisSettings
let links: readonly [OpenLink, OpenLink]

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-sentinel-'))
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, PASSWORD)
  const lines = [...QUICK, await documentedUser(PASSWORD)]
  master = await startRedis({ lines })
  replica = await startRedis({ lines: [...lines, `replicaof 127.0.0.1 ${master.port}`] })
  await eventually(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'), 'in step')
  sentinel = await startRedis({
    isSentinel: true,
    lines: [
      `sentinel monitor sessions 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds sessions 1000',
      'sentinel failover-timeout sessions 5000',
    ],
  })
  await eventually(async () => (await sentinel.cli('SENTINEL', 'replicas', 'sessions')).includes('slave'), 'known')
  const user = { keyPrefix: 'torhaus', username: 'torhaus', passwordFile }
  settings = redisSettings([sentinel.url], { mode: 'sentinel', masterName: 'sessions', ...user })
  links = [await openLink(settings), await openLink(settings)]
})
after(async () => {
  for (const { link } of links ?? []) link.close()
  for (const one of [sentinel, replica, master]) await one?.close()
  await rm(directory, { recursive: true, force: true })
})

const storeOf = ({ link, names }: OpenLink) =>
  new RedisSessionStore(link, names, TIMES, { ...system, now: () => 10_000 })

describe('sessions behind a sentinel', () =>
  testStoreContract(
    async () => {
      await master.cli('FLUSHALL')
      return { stores: [storeOf(links[0]), storeOf(links[1])], close: async () => undefined }
    },
    { sweeps: false },
  ))

/** Who changes its role breaks off its connections. */
const roleOf = (server: RedisProcess) => server.cli('ROLE').catch(() => '')
const store = () => ({ kind: 'redis', redis: settings })

describe('what a master behind a sentinel tells', () => {
  testTold(async () => {
    await master.cli('FLUSHALL')
    return { store: store(), close: async () => undefined }
  })
  testFewCommands(store, () => [master])
})

test('a block that only the new master knows counts, though the old one goes on as if nothing were', async () => {
  await master.cli('FLUSHALL')
  await using opened = new AsyncDisposableStack()
  const one = await openProcess(store(), opened)
  await eventually(one.isTold, 'it is told')
  await writeAll(one)
  await settled(one)
  assert.equal((await one.state()).isBlocked, false)
  await eventually(async () => (await replica.cli('DBSIZE')) === (await master.cli('DBSIZE')), 'in step')
  // The sentinel loses sight of it, and it wakes up as the master that it was.
  master.pause()
  await eventually(async () => (await roleOf(replica)).startsWith('master'), 'a new master', FAIL_OVER_MS)
  await replica.cli('HSET', `torhaus:1:pat:{${TOKEN[0]}}`, 'blocked', '1')
  master.resume()
  await expectFollowed(one, FAIL_OVER_MS)
  await eventually(one.isTold, 'the new master tells', FAIL_OVER_MS)
  await eventually(async () => (await roleOf(master)).startsWith('slave'), 'the old one follows', FAIL_OVER_MS)
  const isBack = async () => (await master.cli('INFO', 'replication')).includes('master_link_status:up')
  await eventually(isBack, 'in step', FAIL_OVER_MS)
  ;[master, replica] = [replica, master]
})

test('after a fail-over sessions are read from and written to the new master, and changes are heard again', async () => {
  const [one, other] = [storeOf(links[0]), storeOf(links[1])]
  await one.createSession(sampleSession({ key: 'before' }))
  await eventually(async () => (await replica.cli('DBSIZE')) === (await master.cli('DBSIZE')), 'in step')
  await master.kill()
  const isThere = (store: RedisSessionStore) =>
    store.readSession('before').then(
      record => record !== undefined,
      () => false,
    )
  await eventually(async () => (await roleOf(replica)).startsWith('master'), 'a new master', FAIL_OVER_MS)
  await eventually(async () => (await isThere(one)) && isThere(other), 'the sessions are there', FAIL_OVER_MS)
  await other.createSession(sampleSession({ key: 'afterwards' }))
  assert.equal((await one.readSession('afterwards'))?.key, 'afterwards')
  const heard: Change[] = []
  links[1].changes.subscribe(change => heard.push(change))
  const isHeard = () => {
    links[0].changes.publish({ kind: 'session', key: 'k' })
    return heard.some(({ kind }) => kind === 'session')
  }
  await eventually(isHeard, 'the change', FAIL_OVER_MS)
})
