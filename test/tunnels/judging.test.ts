/** When tunnels are judged again, with parts of the test's own around real sockets. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, type TestContext, test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { storedAccountKey } from '../../src/account-key.ts'
import { Admission } from '../../src/admission.ts'
import { type Code, Fault } from '../../src/errors.ts'
import type { Delegated } from '../../src/exchange.ts'
import { UpgradedClient } from '../../src/listener/upgraded-client.ts'
import { type ExchangeRecord, newRecord } from '../../src/observability/exchange-record.ts'
import { keyOf } from '../../src/session/opaque-id.ts'
import { Changes } from '../../src/store/changes.ts'
import { Tunnels } from '../../src/tunnels/tunnels.ts'

/** The second-factor stage, whose it is, is not loaded here. */
const mint = Admission.claimMint()

const server = createServer({ allowHalfOpen: true })
let port: number
before(async () => {
  port = await listen(server, '127.0.0.1', 0)
})
after(() => server.close())

async function pair(): Promise<[near: Socket, far: Socket]> {
  const accepted = once(server, 'connection')
  const near = connect(port, '127.0.0.1')
  const [far] = await accepted
  return [near, far.on('error', () => undefined)]
}

const byTicket = { credentials: { scheme: 'negotiate', token: '' }, account: 'ada' }
const bySession = (id: string) => ({ credentials: { scheme: 'session', id }, account: 'ada' })

function tunnelsWith(t: TestContext, refusal: (exchange: Delegated) => Promise<Code | undefined>) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const state = { now: 1_800_000_000_000 }
  const changes = new Changes()
  const tunnels = new Tunnels({
    ...{ refusal, changes },
    settings: { maxTunnels: 1000, idleTimeoutMs: 1_000_000, maxAgeMs: 1_000_000_000 },
    accountKey: account => storedAccountKey(account.toLowerCase()),
    monotonic: () => state.now,
  })
  t.after(() => tunnels.closeAll())
  return {
    ...{ changes, tunnels },
    async pass(seconds: number) {
      state.now += seconds * 1000
      t.mock.timers.tick(seconds * 1000)
      await new Promise(setImmediate)
    },
    async open(exchange: object): Promise<ExchangeRecord> {
      const [[client], [upstream]] = [await pair(), await pair()]
      const request = new IncomingMessage(client)
      const end = new UpgradedClient(request, client, Buffer.alloc(0))
      const known = { request, response: end.response, arrivedAtMs: 0 }
      const record = newRecord(known)
      tunnels.reserve(end)
      const admitted = { ...known, ...exchange, admission: mint(known) } as unknown as Delegated
      Admission.redeem(admitted, 'forwarded')
      tunnels.open(end, upstream, Buffer.alloc(0), admitted, record)
      await new Promise(setImmediate)
      return record
    },
  }
}

test('each of many tunnels is judged when it opens, and then once a minute', async t => {
  const judged = new Map<string, number>()
  const { open, pass } = tunnelsWith(t, async ({ credentials }) => {
    const id = credentials.scheme === 'session' ? credentials.id : ''
    judged.set(id, (judged.get(id) ?? 0) + 1)
    return undefined
  })
  for (let index = 0; index < 130; index++) await open(bySession(String(index)))
  assert.deepEqual(new Set(judged.values()), new Set([1]))
  await pass(60)
  const rounds = new Set(judged.values())
  assert.ok(rounds.isSubsetOf(new Set([2, 3])), `judged ${[...rounds]} times`)
})

test('a tunnel that cannot be judged stays open for five minutes, and no longer', async t => {
  let isStoreAway = false
  const { open, pass, tunnels } = tunnelsWith(t, async () => {
    if (isStoreAway) throw new Fault('store-unavailable')
    return undefined
  })
  const record = await open(bySession('a'))
  isStoreAway = true
  await pass(299)
  assert.equal(tunnels.count, 1)
  isStoreAway = false
  await pass(1)
  isStoreAway = true
  await pass(299)
  assert.equal(tunnels.count, 1)
  await pass(2)
  assert.deepEqual([tunnels.count, record.outcome, record.code], [0, 'aborted', 'tunnel-unjudged'])
})

test('when nothing kept of an account counts any more, its ticket does not either; its sessions are asked again', async t => {
  let asked = 0
  const { open, changes, tunnels } = tunnelsWith(t, async () => {
    asked++
    return undefined
  })
  const ticket = await open(byTicket)
  await open({ ...byTicket, account: 'bob' })
  await open(bySession('a'))
  asked = 0
  changes.publish({ kind: 'account', account: 'ADA' })
  assert.deepEqual([ticket.code, tunnels.count, asked], ['session-ended', 2, 1])
})

test('a session that came along with a ticket ends the tunnel, too', async t => {
  const { open, changes, tunnels } = tunnelsWith(t, async () => undefined)
  const record = await open({ ...byTicket, companionSession: 'b' })
  changes.publish({ kind: 'session', key: keyOf('a') })
  assert.equal(tunnels.count, 1)
  changes.publish({ kind: 'session', key: keyOf('b') })
  assert.deepEqual([tunnels.count, record.code], [0, 'session-ended'])
})

test('only what concerns a tunnel makes it be judged', async t => {
  let asked = 0
  const { open, changes } = tunnelsWith(t, async () => {
    asked++
    return undefined
  })
  await open({ credentials: { scheme: 'pat', fingerprints: ['f1', 'f2'] }, account: undefined })
  await open(bySession('a'))
  asked = 0
  changes.publish({ kind: 'pat', fingerprint: 'f3' })
  changes.publish({ kind: 'grants', accountKey: storedAccountKey('bob') })
  assert.equal(asked, 0)
  changes.publish({ kind: 'pat', fingerprint: 'f2' })
  changes.publish({ kind: 'grants', accountKey: storedAccountKey('ada') })
  assert.equal(asked, 2)
})
