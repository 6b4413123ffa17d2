/** One server by a name that leads to another after a fail-over, while the old one lives on as its replica. */
import assert from 'node:assert/strict'
import type { LookupFunction } from 'node:net'
import { after, before, test } from 'node:test'
import { redisSettings } from '../../devkit/redis/redis-lab.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import type { RedisCondition } from '../../src/store/redis-condition.ts'
import { RedisConnection } from '../../src/store/redis-connection.ts'
import { trackingClient } from '../../src/store/redis-driver.ts'
import { RedisNames } from '../../src/store/redis-names.ts'
import { RedisTracking } from '../../src/store/redis-tracking.ts'
import { system } from '../../src/system.ts'

const [ONE, OTHER] = ['127.0.0.1', '127.0.0.2'] as const
const KEY = 'ours:1'
/** What takes seconds takes less: this clock runs fast, all heartbeats being answered. */
const monotonic = () => system.monotonic() * 5

let port: number
let servers: Readonly<Record<string, RedisProcess>> = {}
let leadsTo: string = ONE

const lookup: LookupFunction = (_host, options, callback) =>
  options.all === true ? callback(null, [{ address: leadsTo, family: 4 }]) : callback(null, leadsTo, 4)

const at = (address: string): RedisProcess => {
  const server = servers[address]
  assert.ok(server)
  return server
}

before(async () => {
  port = await freePort()
  for (const address of [ONE, OTHER])
    servers = {
      ...servers,
      [address]: await startRedis({ port, lines: [`bind ${address}`], cliArgs: ['-h', address] }),
    }
})
after(async () => {
  for (const server of Object.values(servers)) await server.close()
})

test('whoever is told that it writes to a replica goes where the name leads now, and hears of changes there', async () => {
  await using opened = new AsyncDisposableStack()
  const settings = redisSettings([`redis://redis.test:${port}`])
  const names = new RedisNames(settings.keyPrefix)
  const conditions: RedisCondition[] = []
  const report = { command: () => undefined, changed: (condition: RedisCondition) => conditions.push(condition) }
  const link = opened.use(new RedisConnection(settings, names, report, { ...system, monotonic, lookup }))
  await link.open({ heartbeat: () => 'beat', receive: () => undefined, interrupted: () => undefined })
  const told = new Set<string>()
  const events = {
    changed: (changed: ReadonlySet<string>) => changed.forEach(name => void told.add(name)),
    missed: () => undefined,
  }
  const open = trackingClient(settings, { ...system, lookup })
  const tracking = opened.use(new RedisTracking(link, open, names, ['ours:'], 50, events, monotonic))
  const isKnown = () => monotonic() - tracking.knownUntilMs < 1000
  await eventually(isKnown, 'it is tracked')

  await at(ONE).cli('REPLICAOF', OTHER, String(port))
  leadsTo = OTHER
  await eventually(() => conditions.includes('read-only'), 'the old one takes no writes')
  await eventually(() => link.condition === 'available', 'the new one is written to')
  await link.call(KEY, 'SET', KEY, 'a')
  assert.equal(await at(OTHER).cli('GET', KEY), 'a')
  await eventually(isKnown, 'the new one is tracked')
  await at(OTHER).cli('SET', KEY, 'b')
  await eventually(() => told.has(KEY), 'the new one tells of changes')
  // What went well is told once each; nothing was away meanwhile.
  assert.deepEqual(conditions, ['read-only', 'available'])
})
