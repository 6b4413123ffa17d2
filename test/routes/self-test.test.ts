/** Requests shaped like attacks: each is refused in the way that the table says, and reaches no origin server. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'
import { openSealer } from '../../src/app/open-sealer.ts'
import { holdFor, MAX_HELD_SECONDS } from '../../src/http/self-test-hold.ts'
import { FORGED_ADDRESS, PROBES, SELF_TEST_PATH } from '../../src/http/self-test-probes.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { configIn } from '../doctor/doctor-lab.ts'

let direct: ProxyUnderTest
let behindProxy: ProxyUnderTest
before(async () => {
  direct = await startProxy({ configure: configured() })
  behindProxy = await startProxy({ configure: configured({ trustedProxies: ['127.0.0.1'] }) })
})
after(async () => {
  await direct?.close()
  await behindProxy?.close()
})

for (const [name, { target, fields, host, refusedAs }] of Object.entries(PROBES))
  test(`the probe ${name} is refused as ${refusedAs.join(' or ')}`, async () => {
    const connection = await direct.connect()
    const lines = [
      `GET ${target} HTTP/1.1`,
      host === undefined ? direct.host : `Host: ${host}`,
      ...fields,
      'Connection: close',
      '',
      '',
    ]
    connection.send(lines.join('\r\n'))
    const answer = await connection.response()
    const code = answer.one('X-Torhaus-Error') ?? ''
    assert.ok(refusedAs.includes(code), code)
    const isPage = code === 'self-test'
    assert.deepEqual(
      [answer.status, answer.one('X-Torhaus-Self-Test')],
      isPage ? [400, 'target=intact, client=peer'] : [code === 'host-unknown' ? 421 : 400, undefined],
    )
    assert.equal(direct.origin.requests.length, 0)
  })

const told = async (proxy: ProxyUnderTest, target: string, fields: readonly string[] = []) =>
  (await proxy.ask(`GET ${target}`, fields)).one('X-Torhaus-Self-Test')

test('a path that a hop has cleaned up on the way is said to be changed', async () => {
  for (const path of ['/b', '/a/b', '/a/../b/'])
    assert.equal(await told(direct, `${SELF_TEST_PATH}${path}?probe=dot-segments`), 'target=changed, client=peer')
  assert.equal(await told(direct, SELF_TEST_PATH), 'target=unknown, client=peer')
  assert.equal(await told(direct, `${SELF_TEST_PATH}?probe=constructor`), 'target=unknown, client=peer')
})

test('whose word about the client counted is said: nobody, a listed proxy, or the client itself', async () => {
  const target = `${SELF_TEST_PATH}?probe=plain`
  const forged = [`X-Forwarded-For: ${FORGED_ADDRESS}`]
  assert.equal(await told(direct, target, forged), 'target=intact, client=peer')
  assert.equal(await told(behindProxy, target), 'target=intact, client=peer')
  assert.equal(await told(behindProxy, target, ['X-Forwarded-For: 10.1.2.3']), 'target=intact, client=forwarded')
  assert.equal(await told(behindProxy, target, forged), 'target=intact, client=forged')
  assert.equal(
    await told(behindProxy, target, [`X-Forwarded-For: ${FORGED_ADDRESS}, 10.1.2.3`]),
    'target=intact, client=forwarded',
  )
})

const SECONDS = 1
const askHeld = async (hold: string) => {
  const sinceMs = performance.now()
  const said = (await told(direct, `${SELF_TEST_PATH}?hold=${hold}`)) ?? ''
  return { isHeld: /, held=\d+$/.test(said), tookMs: performance.now() - sinceMs }
}

test('the answer is held back for who has the session keys and asks now, and for nobody else', async () => {
  const sealer = openSealer(configIn(direct.fixture.configFile))
  const sign = (text: string) => sealer.sign(text)
  const good = holdFor(SECONDS, Date.now(), sign)
  const held = await askHeld(good)
  assert.ok(held.isHeld && held.tookMs >= 1000 * SECONDS, JSON.stringify(held))
  for (const [what, hold] of Object.entries({
    'of an hour ago': holdFor(SECONDS, Date.now() - 3_600_000, sign),
    'longer than allowed': holdFor(MAX_HELD_SECONDS + 1, Date.now(), sign),
    'with other keys': holdFor(SECONDS, Date.now(), text => new Sealer([Buffer.alloc(32, 7)]).sign(text)),
    'with another time than was signed': good.replace(/^1\./, '2.'),
    'not signed': '1.1.x',
    empty: '',
  })) {
    const { isHeld } = await askHeld(hold)
    assert.ok(!isHeld, what)
  }
})

test('no more than four are held at a time', async () => {
  const sealer = openSealer(configIn(direct.fixture.configFile))
  const holdOf = (seconds: number) => holdFor(seconds, Date.now(), text => sealer.sign(text))
  // Long enough for the last to come while the first is still held.
  const hold = holdOf(4)
  const all = await Promise.all(Array.from({ length: 6 }, () => askHeld(hold)))
  assert.equal(all.filter(({ isHeld }) => isHeld).length, 4)
  assert.ok((await askHeld(holdOf(SECONDS))).isHeld, 'their places are free again')
})
