/**
 * The server that keeps authentication on the connection (as IIS does with authPersistNonNTLM), under a crowd: whoever
 * gets an answer gets it under the own name, whatever happened on the connection before.
 */
import assert from 'node:assert/strict'
import type { Agent } from 'node:http'
import { after, before, test } from 'node:test'
import { type Asking, basic, bearer, negotiate, oneConnection, seenAs, send } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'
import { watchSockets } from './upstream-sockets.ts'

const PRINCIPALS = 50
const REQUESTS_PER_MODE = 5000
const MAX_CONNECTIONS = 16
const CLIENTS = 24

const PAT = '6wytoisklc3rwzlk6hmdaptbzxclxbwd2hcnweb4grgedcplf4pa'
const names = Array.from({ length: PRINCIPALS }, (_, index) => `u${String(index + 1).padStart(4, '0')}`)

let lab: ProxyLab

before(async () => {
  lab = await startProxyLab({ extraUsers: PRINCIPALS })
})
after(() => lab.close())

type Person = { readonly name: string; readonly headers: Readonly<Record<string, string>> }
type LabelledCounter = Record<'answered' | 'streamed' | 'aborted' | 'reconnected' | 'refused', number>

/** Gives up in the middle of an answer, or before it. */
function abort(proxy: LabProxy, path: string, { headers }: Person, agent: Agent): Promise<void> {
  return new Promise(resolve => {
    const sent = send(proxy, path, { headers, agent })
    sent.on('response', response => response.once('data', () => sent.destroy()).on('error', () => undefined))
    sent.on('error', () => undefined).on('close', () => resolve())
    sent.end()
    if (path === '/static') setTimeout(() => sent.destroy(), 2)
  })
}

/** What one person does in one turn; asserts that nobody but that person is answered. */
async function takeTurn(
  proxy: LabProxy,
  { name, headers }: Person,
  turn: number,
  agent: Agent,
): Promise<keyof LabelledCounter> {
  if (turn % 97 === 0) {
    const { status, body } = await proxy.ask('/stream', { headers, agent })
    assert.deepEqual([status, body], [200, `${name}@CORP.TEST\n`.repeat(10)])
    return 'streamed'
  }
  if (turn % 23 === 0) {
    await abort(proxy, turn % 2 === 0 ? '/stream' : '/static', { name, headers }, agent)
    return 'aborted'
  }
  if (turn % 5 === 0) {
    await assertNobody(proxy, turn, agent)
    return 'refused'
  }
  const upload = turn % 3 === 0 ? { method: 'POST', content: 'x'.repeat(turn) } : {}
  const { status, body } = await proxy.ask(turn % 3 === 0 ? '/upload' : '/whoami', { headers, agent, ...upload })
  assert.deepEqual([status, body], [200, seenAs(name)])
  return 'answered'
}

/** One client connection on which everybody takes turns, as behind a balancer; now and then a new one. */
async function client(
  proxy: LabProxy,
  people: readonly Person[],
  next: () => number | undefined,
  tally: LabelledCounter,
) {
  let agent = oneConnection()
  try {
    for (let turn = next(); turn !== undefined; turn = next()) {
      tally[await takeTurn(proxy, people[(turn * 7) % people.length] as Person, turn, agent)]++
      if (turn % 41 !== 0) continue
      agent.destroy()
      agent = oneConnection()
      tally.reconnected++
    }
  } finally {
    agent.destroy()
  }
}

/**
 * Passed through with credentials of no worth, refused by us, or let pass without any (a preflight, an agent's token
 * exchange).
 */
const NOBODY: readonly (readonly [path: string, asking: Asking])[] = [
  ['/whoami', { headers: basic('', PAT) }],
  ['/whoami', { method: 'OPTIONS', headers: { origin: 'http://a.test', 'access-control-request-method': 'GET' } }],
  ['/whoami', { headers: basic('u0001', PAT) }],
  ['/_apis/oauth2/token', { method: 'POST', content: 'grant_type=client_credentials' }],
  ['/whoami', { headers: bearer('eyJhbGciOiJub25lIn0.e30.') }],
  ['/whoami', { headers: bearer('bogus') }],
  ['/whoami', { headers: negotiate('YIIBogus') }],
  ['/whoami', {}],
]

async function assertNobody(proxy: LabProxy, turn: number, agent: Agent): Promise<void> {
  const [path, asking] = NOBODY[turn % NOBODY.length] ?? ['/whoami', {}]
  const { status, body } = await proxy.ask(path, { ...asking, agent })
  assert.equal(status, 401, path)
  assert.doesNotMatch(body, /CORP/)
}

for (const authenticatesConnections of [true, false]) {
  const mode = authenticatesConnections ? 'a token for each connection' : 'a token for each request'

  const startProxy = () =>
    lab.proxy({
      upstream: lab.apache.connectionBound,
      configure: config => ({
        ...config,
        upstream: {
          ...config.upstream,
          maxConnections: MAX_CONNECTIONS,
          identity: {
            kind: 'kerberos',
            kerberos: { targetPrincipal: 'HTTP/devops.corp.test', authenticatesConnections },
          },
        },
      }),
    })

  test(`of ${REQUESTS_PER_MODE} requests of ${PRINCIPALS} principals not one is answered under another name (${mode})`, async t => {
    const proxy = await startProxy()
    const watch = watchSockets(lab.apache.connectionBound)
    const people = await Promise.all(
      names.map(async name => ({ name, headers: bearer(await proxy.bearerOf(name)) }) satisfies Person),
    )
    let turn = 0
    const next = () => (turn < REQUESTS_PER_MODE ? ++turn : undefined)
    const tally: LabelledCounter = { answered: 0, streamed: 0, aborted: 0, reconnected: 0, refused: 0 }
    await Promise.all(Array.from({ length: CLIENTS }, () => client(proxy, people, next, tally))).finally(watch.stop)

    const opened = await proxy.metric('torhaus_upstream_opened_connections_total')
    t.diagnostic(JSON.stringify({ ...tally, opened, mostSockets: watch.most() }))
    assert.equal(tally.answered + tally.streamed + tally.aborted + tally.refused, REQUESTS_PER_MODE)
    assert.ok(
      watch.most() > MAX_CONNECTIONS / 2 && watch.most() <= MAX_CONNECTIONS,
      `${watch.most()} connections at a time`,
    )
    assert.ok(tally.aborted > 100 && tally.streamed > 40 && tally.reconnected > 100)
    assert.equal(await proxy.metric('torhaus_identity_mismatches_total'), 0)
    await proxy.stop()
  })

  test(`a token of no worth straight after an administrator gets 401, on the same client connection (${mode})`, async () => {
    const proxy = await startProxy()
    const agent = oneConnection()
    try {
      const administrator = bearer(await proxy.bearerOf('admin1'))
      for (let round = 0; round < 60; round++) {
        assert.equal((await proxy.ask('/whoami', { headers: administrator, agent })).body, seenAs('admin1'))
        await assertNobody(proxy, round, agent)
      }
    } finally {
      agent.destroy()
      await proxy.stop()
    }
  })
}
