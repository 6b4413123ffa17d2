/** A KDC that is silent, gone, slow or talks nonsense: who needs it is told so, everybody else notices nothing. */
import assert from 'node:assert/strict'
import { Agent } from 'node:http'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KDC_CALLS } from '../../src/kerberos/kdc-gate.ts'
import { basic, bearer, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const PAT = '6wytoisklc3rwzlk6hmdaptbzxclxbwd2hcnweb4grgedcplf4pa'
/** A KDC that lives has answered by then, also on a machine that is busy. */
const KDC_TIMEOUT_MS = 3000
const SLOW_MS = 200
const KDC_PAUSE_MS = 500
const STRANGERS = 12
const STRANGER_REQUESTS = 24
const RECOVERY_TRIES = 400

let lab: ProxyLab
let proxy: LabProxy

before(async () => {
  lab = await startProxyLab({ extraUsers: STRANGERS })
  proxy = await lab.proxy({
    configure: config => ({
      ...config,
      kerberos: {
        ...config.kerberos,
        ...{ kdcTimeoutMs: KDC_TIMEOUT_MS, kdcPauseMs: KDC_PAUSE_MS },
      },
    }),
  })
})
after(() => lab.close())
afterEach(async () => {
  lab.kdc.relay.mode = 'pass'
  await recovered()
})

const stranger = (index: number) => `u${String((index % STRANGERS) + 1).padStart(4, '0')}`

async function asksAs(account: string) {
  const { status, code, body } = await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf(account)) })
  return { status, code, body }
}

let strangest = 0

/**
 * Until the KDC is asked about somebody new again, and answers, if only that it knows nobody of that name.
 */
async function recovered(): Promise<void> {
  for (let tries = 0; tries < RECOVERY_TRIES; tries++) {
    if ((await asksAs(`nobody${strangest++}`)).code === 'delegation-account-unknown') return
    await sleep(KDC_PAUSE_MS / 4)
  }
  assert.fail('the circuit did not close')
}

/** Requests that need no KDC, one after the other on two connections, until `isOver`. */
async function trafficWithoutKdc(isOver: () => boolean): Promise<number> {
  const tokenOfAlice = bearer(await proxy.bearerOf('alice'))
  let completed = 0
  const client = async (kind: number) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      while (!isOver()) {
        const { status, body } = await proxy.ask('/whoami', {
          headers: kind === 0 ? tokenOfAlice : basic('', PAT),
          agent,
        })
        if (kind === 0) assert.deepEqual([status, body], [200, seenAs('alice')])
        else assert.equal(status, 401)
        completed++
      }
    } finally {
      agent.destroy()
    }
  }
  await Promise.all([client(0), client(1)])
  return completed
}

test('while the KDC is silent, cached tickets and tokens that pass through go on, and the rest is 503 in bounded time (hazard 3)', async t => {
  assert.equal((await asksAs('alice')).body, seenAs('alice'))
  const ticket = await lab.token('alice')
  lab.kdc.relay.mode = 'hang'
  let strangersLeft = STRANGER_REQUESTS
  const most = { running: 0, answered: 0 }
  const strangers = Array.from({ length: STRANGER_REQUESTS }, async (_, index) => {
    const answer = await asksAs(stranger(index))
    strangersLeft--
    return answer
  })
  const watch = async () => {
    while (strangersLeft > 0) most.running = Math.max(most.running, await proxy.metric('torhaus_kdc_calls_running'))
  }
  const watched = watch()
  const traffic = trafficWithoutKdc(() => strangersLeft === 0)
  // A ticket is checked without the KDC, too.
  assert.equal((await proxy.ask('/whoami', { headers: negotiate(ticket) })).body, seenAs('alice'))
  for (const answer of await Promise.all(strangers)) {
    assert.deepEqual([answer.status, answer.code], [503, 'kdc-unreachable'])
  }
  most.answered = await traffic
  await watched
  t.diagnostic(JSON.stringify(most))
  // How fast is a matter of the machine; that they did not wait for the silent KDC is not.
  assert.ok(most.answered > STRANGER_REQUESTS * 2, `${most.answered} requests`)
  assert.ok(most.running > 0 && most.running <= KDC_CALLS, `${most.running} calls at a time`)

  assert.equal((await proxy.readiness()).parts.kdcCircuit, 'open')
  assert.equal((await proxy.readiness()).ready, true)
  assert.equal(await proxy.metric('torhaus_kdc_circuit_open'), 1)
  assert.equal((await proxy.ask('/whoami', { headers: basic('bob', lab.kdc.passwordOf('bob')) })).status, 503)
})

test('a KDC that is gone is named as that; when it is back, the circuit closes, and log, metrics and readiness say so (hazard 2)', async () => {
  lab.kdc.relay.mode = 'refuse'
  for (let tries = 0; tries < RECOVERY_TRIES; tries++) {
    if ((await proxy.readiness()).parts.kdcCircuit === 'open') break
    assert.equal((await asksAs(stranger(tries))).code, 'kdc-unreachable')
  }
  assert.equal((await proxy.readiness()).parts.kdcCircuit, 'open')
  const reached = lab.kdc.requests()
  assert.equal((await asksAs(stranger(0))).code, 'kdc-unreachable')
  assert.deepEqual(lab.kdc.requests(), reached)

  lab.kdc.relay.mode = 'pass'
  await recovered()
  assert.equal((await asksAs(stranger(0))).body, seenAs(stranger(0)))
  assert.equal((await proxy.readiness()).parts.kdcCircuit, 'closed')
  assert.equal(await proxy.metric('torhaus_kdc_circuit_open'), 0)
  assert.ok((await proxy.metric('torhaus_kdc_calls_failed_total')) >= 3)
  for (const state of ['open', 'closed']) await proxy.logged(record => record['torhaus.circuit'] === state)
})

test('a KDC that talks nonsense lets nobody in, by password or by impersonation', async () => {
  lab.kdc.relay.mode = 'garbage'
  const byPassword = await proxy.ask('/whoami', { headers: basic('bob', lab.kdc.passwordOf('bob')) })
  assert.equal(byPassword.status, 503)
  assert.match(byPassword.headers['retry-after'] ?? '', /^\d+$/)
  const { status, code } = await asksAs(stranger(STRANGERS - 1))
  assert.equal(status, 503)
  assert.match(code ?? '', /^kdc-/)
})

test('a slow KDC makes the first request of an account slow, and no other', async () => {
  lab.kdc.relay.mode = { delayMs: SLOW_MS }
  assert.equal((await asksAs('bob')).body, seenAs('bob'))
  const before = lab.kdc.requests()
  assert.equal((await asksAs('bob')).body, seenAs('bob'))
  assert.deepEqual(lab.kdc.requests(), before)
})
