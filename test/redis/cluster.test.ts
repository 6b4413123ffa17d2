/**
 * All stores on a Redis Cluster of three masters: every script stays in one hash slot, and one node away leaves the
 * others.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type OpenLink, openLink, redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { RedisGrantStore } from '../../src/grants/redis-grant-store.ts'
import { RedisAttemptStore } from '../../src/limits/redis-attempt-store.ts'
import { RedisPatConfirmationStore } from '../../src/pats/redis-pat-confirmation-store.ts'
import { RedisPatStore } from '../../src/pats/redis-pat-store.ts'
import { RedisSessionStore } from '../../src/session/redis-session-store.ts'
import type { Change } from '../../src/store/changes.ts'
import type { RedisSettings } from '../../src/store/redis-driver.ts'
import { system } from '../../src/system.ts'
import { NOW_MS, sampleGrant, sampleRequest, testGrantStore } from '../grants/grant-store-contract.ts'
import { testAttemptLimits } from '../limits/attempt-limits-contract.ts'
import { testPatConfirmationStore } from '../pats/pat-confirmation-store-contract.ts'
import { testPatStore } from '../pats/pat-store-contract.ts'
import { sampleSession, testStoreContract } from '../session/store-contract.ts'
import { openProcess, settled, TOKEN, testTold, writeAll } from '../store/told-contract.ts'
import { documentedUser } from './documented-user.ts'
import { expectFollowed, testFewCommands } from './followed.ts'

const SLOTS = 16_384
const TIMES = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600 }
const CLUSTER = ['cluster-enabled yes', 'cluster-require-full-coverage no']
const PASSWORD = 'correct-horse'
const nodes: RedisProcess[] = []
let directory: string
let settings: RedisSettings
let links: readonly [OpenLink, OpenLink]
const busPorts: number[] = []

before(async () => {
  while (nodes.length < 3) await startNode()
  const [first] = nodes
  for (const [index, node] of nodes.entries()) {
    const at = (part: number) => Math.floor((SLOTS * part) / nodes.length)
    await node.cli('CLUSTER', 'ADDSLOTSRANGE', String(at(index)), String(at(index + 1) - 1))
    await first?.cli('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(busPorts[index]))
  }
  for (const node of nodes) {
    const isWhole = async () => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(await node.cli('CLUSTER', 'INFO'))
    await eventually(isWhole, 'the cluster is whole')
  }
  directory = await mkdtemp(join(tmpdir(), 'torhaus-cluster-'))
  const passwordFile = join(directory, 'password')
  await writeFile(passwordFile, PASSWORD)
  const user = { keyPrefix: 'torhaus', username: 'torhaus', passwordFile }
  settings = redisSettings([nodes[1]?.url ?? ''], { mode: 'cluster', ...user })
  links = [await openLink(settings), await openLink(settings)]
})
after(async () => {
  for (const { link } of links ?? []) link.close()
  await Promise.all(nodes.map(node => node.close()))
  await rm(directory, { recursive: true, force: true })
})

async function startNode(): Promise<RedisProcess> {
  // Left to itself a node takes its port + 10,000, where outgoing connections of others may sit.
  const busPort = await freePort()
  busPorts.push(busPort)
  const lines = [...CLUSTER, `cluster-port ${busPort}`, await documentedUser(PASSWORD, 'cluster')]
  const node = await startRedis({ lines })
  nodes.push(node)
  return node
}

const clear = async () => void (await Promise.all(nodes.map(node => node.cli('FLUSHALL'))))
/** Opens a store for each of the two links. */
const opener =
  <T>(make: (opened: OpenLink) => T) =>
  async () => {
    await clear()
    return { stores: [make(links[0]), make(links[1])] as const, clear, close: async () => undefined }
  }
const sessionStore = ({ link, names }: OpenLink) =>
  new RedisSessionStore(link, names, TIMES, { ...system, now: () => 10_000 })

describe('sessions in a cluster', () => testStoreContract(opener(sessionStore), { sweeps: false }))
describe('grants in a cluster', () =>
  testGrantStore(opener(({ link, names }) => new RedisGrantStore(link, names, () => NOW_MS))))
describe('tokens in a cluster', () => testPatStore(opener(({ link, names }) => new RedisPatStore(link, names))))
describe('confirmations of tokens in a cluster', () =>
  testPatConfirmationStore(opener(({ link, names }) => new RedisPatConfirmationStore(link, names))))
describe('attempts in a cluster', () =>
  testAttemptLimits(opener(({ link, names }) => new RedisAttemptStore(link, names))))

test('changes reach the others, whichever node they listen at', async () => {
  const heard: Change[] = []
  links[1].changes.subscribe(change => heard.push(change))
  const change: Change = { kind: 'session', key: 'k' }
  links[0].changes.publish(change)
  await eventually(() => heard.some(({ kind }) => kind === 'session'), 'the change')
  assert.equal(links[1].malformed(), 0)
})

const store = () => ({ kind: 'redis', redis: settings })

describe('what the masters of a cluster tell', () => {
  testTold(async () => {
    await clear()
    return { store: store(), close: async () => undefined }
  })
  testFewCommands(store, () => nodes)
})

/** A process that knows the token as not blocked, and the node that has it. */
async function knowing(opened: AsyncDisposableStack) {
  await clear()
  const one = await openProcess(store(), opened)
  await eventually(one.isTold, 'it is told')
  await writeAll(one)
  await settled(one)
  assert.equal((await one.state()).isBlocked, false)
  for (const node of nodes)
    if ((await node.cli('EXISTS', PAT)) === '1')
      return { one, owner: node, others: nodes.filter(other => other !== node) }
  return assert.fail('nobody has the token')
}

const PAT = `torhaus:1:pat:{${TOKEN[0]}}`
const idOf = (node: RedisProcess) => node.cli('CLUSTER', 'MYID')

test('what needs two keys of a slot that is on its way waits until it is there', async () => {
  await clear()
  const { link, names } = await openLink({ ...settings, commandTimeoutMs: 60_000 })
  try {
    const grants = new RedisGrantStore(link, names, () => NOW_MS)
    await grants.openRequest(sampleRequest(), NOW_MS)
    const found = await Promise.all(nodes.map(node => node.cli('KEYS', 'torhaus:1:grant-requests:*')))
    const index = found.findIndex(key => key !== '')
    const [owner, target] = [nodes[index], nodes[(index + 1) % nodes.length]]
    assert.ok(owner && target)
    const slot = await owner.cli('CLUSTER', 'KEYSLOT', found[index] ?? '')
    await target.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(owner))
    await owner.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(target))
    const confirmed = grants.confirm('BCDFGHJK', sampleGrant())
    confirmed.catch(() => undefined)
    // There is no grant yet, and it may have gone ahead.
    await eventually(async () => /errorstat_TRYAGAIN/.test(await owner.cli('INFO', 'errorstats')), 'it is refused')
    await owner.cli('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', found[index] ?? '')
    for (const node of [target, owner, ...nodes]) await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(target))
    assert.equal(await confirmed, true)
  } finally {
    await link.close()
  }
})

test('a block counts that is written where the slot has gone meanwhile', async () => {
  await using opened = new AsyncDisposableStack()
  const { one, owner, others } = await knowing(opened)
  const [target = owner] = others
  const slot = await owner.cli('CLUSTER', 'KEYSLOT', PAT)
  await target.cli('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(owner))
  await owner.cli('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(target))
  const keys = (await owner.cli('CLUSTER', 'GETKEYSINSLOT', slot, '100')).split('\n')
  await owner.cli('MIGRATE', '127.0.0.1', String(target.port), '', '0', '5000', 'KEYS', ...keys)
  for (const node of [target, owner, ...others]) await node.cli('CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(target))
  await target.cli('HSET', PAT, 'blocked', '1')
  await expectFollowed(one, 60_000)
  await eventually(one.isTold, 'it is told again')
})

test('a block that only the new master of a slot knows counts, though the old one goes on as if nothing were', async () => {
  await using opened = new AsyncDisposableStack()
  const { one, owner } = await knowing(opened)
  const [replica, first] = [await startNode(), nodes[0]]
  await first?.cli('CLUSTER', 'MEET', '127.0.0.1', String(replica.port), String(busPorts.at(-1)))
  const ownerId = await idOf(owner)
  const follows = async () => (await replica.cli('CLUSTER', 'REPLICATE', ownerId)) === 'OK'
  await eventually(() => follows().catch(() => false), 'it knows whom to follow')
  await eventually(async () => (await replica.cli('INFO', 'replication')).includes('master_link_status:up'), 'in step')
  owner.pause()
  await replica.cli('CLUSTER', 'FAILOVER', 'TAKEOVER')
  await eventually(async () => (await replica.cli('HSET', PAT, 'blocked', '1')) === '0', 'it is written')
  owner.resume()
  await expectFollowed(one, 60_000)
  await eventually(one.isTold, 'it is told again')
})

test('with one node away, what lies on the others is there, and the rest is a fault within its time', async () => {
  await clear()
  const store = sessionStore(links[0])
  const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`)
  for (const key of keys) await store.createSession(sampleSession({ key }))
  await nodes[2]?.kill()
  const found = await Promise.allSettled(keys.map(key => store.readSession(key)))
  const there = found.filter(({ status }) => status === 'fulfilled')
  assert.ok(there.length > 20 && there.length < 60, `${there.length} of 60`)
  for (const result of found)
    if (result.status === 'rejected') assert.equal((result.reason as { code: string }).code, 'store-unavailable')
})
