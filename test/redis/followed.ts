/** Whether caches follow a store of several servers, whatever becomes of these. */
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisProcess } from '../../devkit/redis/redis-process.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { system } from '../../src/system.ts'
import { openProcess, type Process } from '../store/told-contract.ts'

const POPULATION = 1000
const ROUNDS = 6
const ROUND_MS = 500

/** What replicas and sentinels ask by themselves, and what only these tests ask. */
const OF_OTHERS =
  /^(ping|replconf|psync|info|config|role|slaveof|replicaof|client|subscribe|publish\|?|hello|auth|cluster|command|acl|flushall|type|keys)(\||$)/

export async function commandsOf(servers: readonly RedisProcess[]): Promise<number> {
  const stats = await Promise.all(servers.map(server => server.cli('INFO', 'commandstats')))
  const calls = stats.flatMap(text => [...text.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)])
  return calls.reduce((sum, [, name = '', count]) => sum + (OF_OTHERS.test(name) ? 0 : Number(count)), 0)
}

export function testFewCommands(store: () => unknown, servers: () => readonly RedisProcess[]): void {
  test('people at work cost a tenth of a command a request at most', async t => {
    await using opened = new AsyncDisposableStack()
    const one = await openProcess(store(), opened)
    await eventually(one.isTold, 'it is told')
    const use = { network: '192.0.2.0/24', accountKey: undefined, clientClass: 'git' } as const
    const tokens = Array.from({ length: POPULATION }, (_, index) => [`token-${index}`])
    for (const token of tokens) await one.register.see(token, use)
    await one.register.flush()
    const round = () => Promise.all(tokens.map(async token => one.register.find(token)))
    const writtenMs = system.monotonic()
    await eventually(() => (one.stores.knownUntilMs?.() ?? 0) > writtenMs, 'what was written is told')
    await round()
    const each = async () => {
      const before = await commandsOf(servers())
      for (let count = 0; count < ROUNDS; count++) {
        await round()
        await sleep(ROUND_MS)
      }
      return ((await commandsOf(servers())) - before) / (ROUNDS * POPULATION)
    }
    // A process that has no processor for a second is told of nothing meanwhile.
    await eventually(
      async () => {
        const commands = await each()
        t.diagnostic(`${commands} commands a request`)
        return commands <= 0.1
      },
      'a tenth of a command a request',
      60_000,
    )
  })
}

/**
 * The block counts long before an answer that nobody takes back is read again by itself. The process is asked as requests
 * ask it: a read past its caches would show its client where the store is.
 */
export async function expectFollowed(process: Process, mostMs: number): Promise<void> {
  const isBlocked = async () => (await process.state().catch(() => undefined))?.isBlocked === true
  await eventually(isBlocked, 'the block counts', mostMs)
}
