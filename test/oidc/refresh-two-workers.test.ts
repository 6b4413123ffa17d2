/** Two workers on one database: the OP sees one of them at a time, and a spent refresh token is never used again. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { Fault } from '../../src/errors.ts'
import { type Op, Ops } from '../../src/oidc/ops.ts'
import type { OpenIdProvider } from '../../src/oidc/provider.ts'
import { type RefreshOutcome, SessionRefresh } from '../../src/oidc/session-refresh.ts'
import type { Sessions } from '../../src/session/sessions.ts'
import { openSessionLab, PERSON, type SessionLab } from '../session/session-lab.ts'

const SETTINGS = { refreshIntervalSeconds: 600, refreshGraceSeconds: 900, timeoutMs: 100 }
const [DUE_MS, OVERDUE_MS, RETRY_MS] = [600_000, 1_500_000, 10_000]
let lab: SessionLab
let id: string
let used: string[]
let outcomes: RefreshOutcome[]
let answer: () => Promise<void>
/** What comes of looking at the tokens that it gave. */
let validated: () => Promise<void>

beforeEach(async () => {
  const hour = 3600
  lab = await openSessionLab({
    idleTimeoutSeconds: hour,
    absoluteTimeoutSeconds: 10 * hour,
    cacheMs: 60_000,
    maxCached: 9,
  })
  id = await lab.sessions.open(PERSON, { refreshToken: 'token-0', idToken: undefined })
  used = []
  outcomes = []
  answer = () => Promise.resolve()
  validated = () => Promise.resolve()
})
afterEach(() => lab.close())

/** Gives a new refresh token for the last one it gave; a spent one is refused. */
const provider: Pick<OpenIdProvider, 'refresh'> = {
  async refresh(refreshToken) {
    used.push(refreshToken)
    await answer()
    if (refreshToken !== `token-${used.length - 1}`) throw new Fault('sign-in-refused')
    const tokens = { claims: {}, idToken: undefined, refreshToken: `token-${used.length}` }
    return { refreshToken: tokens.refreshToken, validated: () => validated().then(() => tokens) }
  },
}

const op = { provider, settings: SETTINGS } as unknown as Op

const worker = (sessions: Sessions) => {
  const refresh = new SessionRefresh({
    ops: new Ops([op], true),
    ...{ sessions, now: lab.clock.now },
    readsGroups: false,
    changed: () => undefined,
    report: outcome => outcomes.push(outcome),
  })
  return async (asked = id): Promise<boolean> => {
    const session = await sessions.find(asked)
    return session === undefined ? false : refresh.mayGoOn(asked, session)
  }
}

/** Reads of sessions by the first worker, in so long a time. */
async function readsWithin(ms: number): Promise<number> {
  const before = lab.reads()
  await sleep(ms)
  return lab.reads() - before
}

/** The OP takes the question, and says nothing before `release`. */
function silentOp(): { release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  answer = () => promise
  return { release: resolve }
}

test('overdue at both workers at once: one asks, the other waits for its answer, both go on', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  await Promise.all([one(), other()])
  lab.clock.advance(OVERDUE_MS)
  const { promise, resolve: release } = Promise.withResolvers<void>()
  answer = () => promise
  const both = Promise.all([one(), other()])
  await new Promise(resolve => setTimeout(resolve, 250))
  assert.deepEqual(used, ['token-0'])
  release()
  assert.deepEqual(await both, [true, true])
  assert.deepEqual(used, ['token-0'])
})

test('a worker with an old copy of the session does not spend the old refresh token again', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  await other()
  lab.clock.advance(OVERDUE_MS - 30_000)
  await lab.otherSessions.find(id)
  lab.clock.advance(30_000)
  assert.equal(await one(), true)
  assert.equal(await other(), true)
  assert.deepEqual(used, ['token-0'])
  lab.clock.advance(OVERDUE_MS)
  assert.equal(await other(), true)
  assert.deepEqual(used, ['token-0', 'token-1'])
})

test('while one worker hears nothing from the OP, no request of the other passes on its account', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  await Promise.all([one(), other()])
  lab.clock.advance(OVERDUE_MS)
  answer = async () => {
    await new Promise(resolve => setTimeout(resolve, 200))
    throw new Fault('op-unreachable')
  }
  assert.deepEqual(await Promise.all([one(), other()]), [false, false])
})

test('a refresh token outlives an answer that could not be looked at, and the session is as overdue as before', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  await Promise.all([one(), other()])
  const inBackground = async (ask: typeof one) => {
    const count = outcomes.length
    assert.equal(await ask(), true)
    await eventually(() => outcomes.length > count, 'the OP has answered')
    lab.clock.advance(RETRY_MS)
  }
  lab.clock.advance(DUE_MS)
  validated = () => Promise.reject(new Fault('op-unreachable'))
  await inBackground(one)
  await inBackground(other)
  validated = () => Promise.resolve()
  await inBackground(one)
  assert.deepEqual(used, ['token-0', 'token-1', 'token-2'])
  assert.deepEqual(outcomes, ['op-unreachable', 'op-unreachable', 'refreshed'])
  lab.clock.advance(DUE_MS)
  validated = () => Promise.reject(new Fault('op-unreachable'))
  await inBackground(one)
  lab.clock.advance(OVERDUE_MS - DUE_MS - RETRY_MS)
  assert.deepEqual(await Promise.all([one(), other()]), [false, false])
})

test('while the OP is silent, a session in its grace that another worker asks about is not looked at again and again', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  lab.clock.advance(DUE_MS)
  const { release } = silentOp()
  assert.equal(await other(), true)
  assert.equal(await one(), true)
  assert.equal(await readsWithin(700), 0)
  release()
  await eventually(() => outcomes.includes('refreshed'), 'the other one has its answer')
  assert.deepEqual(outcomes, ['left-to-another', 'refreshed'])
  assert.equal(await one(), true)
  assert.deepEqual(used, ['token-0'])
})

test('who began in the grace and asks again when it is over waits for the answer of the other worker', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  lab.clock.advance(OVERDUE_MS - 1000)
  const { release } = silentOp()
  assert.equal(await other(), true)
  lab.clock.advance(999)
  assert.equal(await one(), true)
  lab.clock.advance(1)
  const overdue = one()
  await sleep(150)
  release()
  assert.equal(await overdue, true)
  assert.deepEqual(used, ['token-0'])
})

test('requests that wait for the answer of another worker look for it together, and less and less often', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  await one()
  lab.clock.advance(OVERDUE_MS)
  const { release } = silentOp()
  const asking = other()
  const waiting = Promise.all(Array.from({ length: 20 }, () => one()))
  const reads = await readsWithin(1600)
  assert.ok(reads >= 2 && reads <= 6, `${reads} reads`)
  release()
  assert.equal(await asking, true)
  assert.deepEqual(new Set(await waiting), new Set([true]))
})

test('a silent OP is asked about so many sessions at a time, and requests of all others go on', async () => {
  const ids = [id]
  while (ids.length < 100) ids.push(await lab.sessions.open(PERSON, { refreshToken: 'token-0', idToken: undefined }))
  const one = worker(lab.sessions)
  lab.clock.advance(DUE_MS)
  const { release } = silentOp()
  for (const asked of ids) assert.equal(await one(asked), true)
  await eventually(() => used.length >= 64, 'the OP is asked about the first of them')
  await sleep(50)
  assert.equal(used.length, 64)
  release()
  await eventually(() => outcomes.length === 64, 'all of these have their answer')
  for (const asked of ids) await one(asked)
  await eventually(() => used.length === 100, 'the others are asked about, too')
})

test('after a failure in the grace the claim is given back: the other worker may ask at once', async () => {
  const [one, other] = [worker(lab.sessions), worker(lab.otherSessions)]
  lab.clock.advance(DUE_MS)
  answer = () => Promise.reject(new Fault('op-unreachable'))
  assert.equal(await one(), true)
  await eventually(() => outcomes.length > 0, 'the failure is told')
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(outcomes, ['op-unreachable'])
  used = []
  answer = () => Promise.resolve()
  assert.equal(await other(), true)
  await eventually(() => outcomes.length > 1, 'the answer is told')
  assert.deepEqual(outcomes, ['op-unreachable', 'refreshed'])
})

test('a session whose tokens cannot be opened any more ends when it is due', async () => {
  const { store } = lab
  const one = worker(lab.sessions)
  const session = await lab.sessions.find(id)
  assert.ok(session)
  await store.saveRefresh(session.record.key, lab.clock.now(), 'v1.00000000.sealed-with-a-key-that-is-gone')
  await lab.sessions.reread(session)
  lab.clock.advance(OVERDUE_MS)
  assert.equal(await one(), false)
  assert.equal(await store.readSession(session.record.key), undefined)
  assert.deepEqual(used, [])
})

test('a store that takes no deletion while a refusal is carried out does not bring the process down: the session has ended here', async () => {
  const one = worker(lab.sessions)
  lab.clock.advance(DUE_MS)
  answer = () => Promise.reject(new Fault('sign-in-refused'))
  lab.store.deleteSession = () => {
    throw new Fault('store-unavailable')
  }
  assert.equal(await one(), true)
  await eventually(() => outcomes.length > 0, 'the end is told')
  assert.deepEqual(outcomes, ['ended'])
  assert.equal(await one(), false)
})
