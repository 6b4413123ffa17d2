/** Refresh tokens rotate, and a spent one is refused: what the store or a restart does must not lose the new one. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { codeOf, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const [INTERVAL_MS, GRACE_MS, PEOPLE] = [600_000, 900_000, 5]
/** How far the clock is ahead: it goes on while a test takes its time. */
let aheadMs = 0
const now = () => Date.now() + aheadMs
let op: LyingOp
let lab: SignInLab
let browsers: BrowserClient[]

before(async () => {
  op = await startLyingOp()
})
beforeEach(async () => {
  aheadMs = 0
  op.onRefresh('grant')
  lab = await startSignInLab({ issuer: op.issuer, now })
  browsers = Array.from({ length: PEOPLE }, () => new BrowserClient())
  for (const browser of browsers) assert.equal((await browser.get(`${lab.url}/`)).status, 200)
  op.requests.refreshes = 0
})
afterEach(() => lab?.close())
after(() => op?.close())

const script = { fields: { 'Sec-Fetch-Mode': 'cors' } }
async function pages(): Promise<(number | string)[]> {
  const answers = await Promise.all(browsers.map(browser => browser.send(`${lab.url}/page`, script)))
  return answers.map(answer => codeOf(answer) ?? answer.status)
}
const allWell = () => browsers.map(() => 200)

/** Their refreshes are under way at the OP, and wait for its answer. */
async function startRefreshes(): Promise<void> {
  aheadMs += INTERVAL_MS
  op.onRefresh('wait')
  assert.deepEqual(await pages(), allWell())
  while (op.requests.refreshes < browsers.length) await sleep(5)
}

/** Each must be able to use its latest refresh token. */
async function assertNobodyIsLost(): Promise<void> {
  op.onRefresh('grant')
  aheadMs += INTERVAL_MS + GRACE_MS
  assert.deepEqual(await pages(), allWell())
  assert.equal(op.requests.refreshes, 2 * browsers.length)
}

async function openDatabase(): Promise<DatabaseSync> {
  const directory = dirname(lab.configFile)
  const [file = ''] = (await readdir(directory)).filter(name => name.endsWith('.sqlite'))
  return new DatabaseSync(join(directory, file))
}

test('a restart waits for refreshes that are under way, and their tokens are there after it', async () => {
  await startRefreshes()
  const drained = lab.torhaus.drain()
  await sleep(50)
  op.answer()
  await drained
  await lab.restart()
  await assertNobodyIsLost()
})

test('a store that is locked while the OP answers loses nothing: it is asked again, and nobody blames the OP', async () => {
  browsers.length = 1
  await startRefreshes()
  const other = await openDatabase()
  try {
    other.exec('BEGIN IMMEDIATE')
    const answeredMs = now()
    op.answer()
    await lab.logged(record => record['event.outcome'] === 'held')
    assert.deepEqual(await pages(), allWell(), 'reading goes on')
    other.exec('ROLLBACK')
    const saved = () =>
      other.prepare('SELECT count(*) AS count FROM person_session WHERE refreshed_at >= ?').get(answeredMs)
    while (Number(saved()?.count) < browsers.length) await sleep(20)
  } finally {
    other.close()
  }
  assert.ok(!lab.log.some(record => record['event.outcome'] === 'op-unreachable'))
  await assertNobodyIsLost()
})

test('a store that cannot be asked signs nobody out who is overdue: 503 now, and on with it later', async () => {
  browsers.length = 1
  aheadMs += INTERVAL_MS + GRACE_MS
  const other = await openDatabase()
  try {
    other.exec('BEGIN IMMEDIATE')
    assert.deepEqual(await pages(), ['store-unavailable'])
    other.exec('ROLLBACK')
  } finally {
    other.close()
  }
  assert.equal(op.requests.refreshes, 0)
  assert.deepEqual(await pages(), [200])
})
