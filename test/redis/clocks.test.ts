/** Two machines on one Redis, whose clocks are a minute apart: one refresh at a time, and the difference is seen. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { type LyingOp, startLyingOp } from '../../devkit/op/lying-op.ts'
import { type RedisProcess, startRedis } from '../../devkit/redis/redis-process.ts'
import { codeOf, SESSION_COOKIE, type SignInLab, startSignInLab } from '../../devkit/torhaus/sign-in-lab.ts'

const [APART_MS, OVERDUE_MS] = [60_000, 1_500_000]
let redis: RedisProcess
let op: LyingOp
let directory: string
let labs: readonly SignInLab[] = []
let offsetMs = 0

before(async () => {
  redis = await startRedis()
  op = await startLyingOp()
  directory = await mkdtemp(join(tmpdir(), 'torhaus-clocks-'))
  const key = join(directory, 'session-key')
  await writeFile(key, randomBytes(32).toString('base64'), { mode: 0o600 })
  const session = {
    sharedAs: 'labs',
    encryptionKeyFiles: [key],
    store: { kind: 'redis', redis: { urls: [redis.url] } },
  }
  for (const aheadMs of [0, APART_MS])
    labs = [
      ...labs,
      await startSignInLab({
        issuer: op.issuer,
        now: () => Date.now() + offsetMs + aheadMs,
        configure: config => ({ ...config, session }),
      }),
    ]
})
after(async () => {
  for (const lab of labs) await lab.close()
  await op?.close()
  await redis?.close()
  await rm(directory, { recursive: true, force: true })
})

test('the machine whose clock differs says so in log and metric, the other does not', async () => {
  const [right, ahead] = labs
  assert.ok(right && ahead)
  const { 'torhaus.clock_difference_ms': differenceMs } = await ahead.logged(
    record => record['event.action'] === 'store-clock',
  )
  assert.ok(Math.abs(Number(differenceMs) - APART_MS) < 5000, String(differenceMs))
  const metric = async ({ adminUrl }: SignInLab) =>
    Number(
      /^torhaus_store_clock_difference_seconds (.+)$/m.exec(await (await fetch(`${adminUrl}/metrics`)).text())?.[1],
    )
  assert.ok(Math.abs((await metric(ahead)) - APART_MS / 1000) < 5)
  assert.ok((await metric(right)) < 5)
  assert.ok(!right.log.some(record => record['event.action'] === 'store-clock'))
})

test('overdue at both at once, whoever begins: the OP is asked once, and both go on', async () => {
  for (const [first, second] of [labs, labs.toReversed()]) {
    assert.ok(first && second)
    offsetMs = 0
    const browser = new BrowserClient()
    assert.equal((await browser.get(`${first.url}/`)).status, 200)
    offsetMs = OVERDUE_MS + APART_MS
    op.requests.refreshes = 0
    op.onRefresh('wait')
    const ask = async ({ url }: SignInLab) => {
      const copy = new BrowserClient()
      copy.plant(SESSION_COOKIE, browser.cookies.get(SESSION_COOKIE)?.value ?? '')
      const answer = await copy.send(`${url}/page`, { fields: { 'Sec-Fetch-Mode': 'cors' } })
      return codeOf(answer) ?? answer.status
    }
    const asked = [ask(first)]
    while (op.requests.refreshes === 0) await sleep(5)
    asked.push(ask(second))
    await sleep(300)
    op.onRefresh('grant')
    op.answer()
    assert.deepEqual(await Promise.all(asked), [200, 200])
    assert.equal(op.requests.refreshes, 1)
  }
})
