import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FakeClock } from '../../devkit/chaos/fake-clock.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

/** Windows stops at MaxTokenSize 65,535; in base64 87 KB. */
const MAX_TOKEN_BYTES = 65_535
const MANY_GROUPS = 300
const CLOCK_SKEW_S = 300
/** A process looks at its clock again after a second. */
const CLOCK_SEEN_MS = 2000

let lab: ProxyLab
let proxy: LabProxy

before(async () => {
  lab = await startProxyLab({ accounts: [{ name: 'member', password: 'member-Passw0rd', groups: MANY_GROUPS }] })
  proxy = await lab.proxy()
})
after(() => lab.close())

const present = (token: string, at = proxy) => at.ask('/whoami', { headers: negotiate(token) })

/** Refused as that code, with every scheme offered again, and with nothing sent to Apache. */
async function assertRefused(token: string, code: string, at = proxy): Promise<void> {
  const before = await at.metric('torhaus_upstream_opened_connections_total')
  const answer = await present(token, at)
  assert.deepEqual([answer.status, answer.code], [401, code])
  const schemes = answer.all('www-authenticate').map(value => value.split(' ', 1)[0])
  assert.deepEqual(schemes, ['Bearer', 'Basic', 'Negotiate'])
  assert.ok(
    !answer.all('www-authenticate').some(value => value.startsWith('Negotiate ')),
    'a token for a refused client',
  )
  assert.equal(await at.metric('torhaus_upstream_opened_connections_total'), before)
}

/** DER: tag, length in two octets (X.690 8.1.3.5), contents. */
function der(tag: number, contents: Buffer): Buffer {
  const head = Buffer.from([tag, 0x82, 0, 0])
  head.writeUInt16BE(contents.length, 2)
  return Buffer.concat([head, contents])
}

const SPNEGO = Buffer.from('06062b0601050502', 'hex')
const NTLM = Buffer.from('060a2b06010401823702020a', 'hex')
const NTLM_NEGOTIATE = Buffer.concat([Buffer.from('NTLMSSP\0'), Buffer.from('0100000007820a00', 'hex')])

test('NTLM, bare, in SPNEGO or as a scheme, is refused in words that say what to change, and counted', async () => {
  const mechTypes = der(0xa0, der(0x30, NTLM))
  const spnego = der(0x60, Buffer.concat([SPNEGO, der(0xa0, der(0x30, mechTypes))]))
  await assertRefused(NTLM_NEGOTIATE.toString('base64'), 'ntlm-unsupported')
  await assertRefused(spnego.toString('base64'), 'ntlm-unsupported')
  const headers = { authorization: `NTLM ${NTLM_NEGOTIATE.toString('base64')}` }
  const answer = await proxy.ask('/whoami', { headers })
  assert.equal(answer.code, 'ntlm-unsupported')
  assert.match(answer.body, /NTLM is not accepted\. Use a personal access token, or sign in with the browser\./)
  const counted = async () => (await proxy.metric('torhaus_requests_total', { code: 'ntlm-unsupported' })) === 3
  await eventually(counted, 'three of NTLM')
})

test('garbage is refused: no base64, no DER, half a token, a changed token', async () => {
  const good = Buffer.from(await lab.token('alice'), 'base64')
  const changed = Buffer.from(good)
  changed.writeUInt8(good.readUInt8(good.length - 20) ^ 0xff, good.length - 20)
  const bad = ['!!!', 'AAAA', randomBytes(900).toString('base64'), good.subarray(0, 400).toString('base64'), '=']
  for (const token of bad) await assertRefused(token, 'negotiate-refused')
  const answer = await present(changed.toString('base64'))
  assert.equal(answer.status, 401)
  assert.match(answer.code ?? '', /^negotiate-(refused|wrong-service)$/)
  assert.equal((await proxy.ask('/whoami', { headers: { authorization: 'Negotiate' } })).status, 401)
})

test('a token of 64 KiB is read and refused for what it is, not for its size', async () => {
  await assertRefused(randomBytes(MAX_TOKEN_BYTES).toString('base64'), 'negotiate-refused')
})

test(`a member of ${MANY_GROUPS} groups signs in with a token to match`, async () => {
  const token = await lab.token('member')
  assert.ok(token.length > 5_000, `only ${token.length} characters`)
  assert.equal((await present(token)).body, seenAs('member'))
})

test('a token that was used before is refused as a replay, on any connection', async () => {
  const token = await lab.token('alice')
  assert.equal((await present(token)).body, seenAs('alice'))
  await assertRefused(token, 'negotiate-replayed')
  await assertRefused(token, 'negotiate-replayed')
})

test('a token for another service is refused', async () => {
  await assertRefused(await lab.token('alice', 'HTTP@devops.corp.test'), 'negotiate-wrong-service')
})

test('a token from a clock that is off by more than five minutes is refused as that', async () => {
  await ensureDebianPackages(['faketime'])
  const clock = await FakeClock.in(lab.kdc.directory)
  const ahead = await lab.proxy({ environment: clock.environment })
  assert.equal((await present(await lab.token('alice'), ahead)).body, seenAs('alice'))
  await clock.set(CLOCK_SKEW_S - 10)
  await sleep(CLOCK_SEEN_MS)
  assert.equal((await present(await lab.token('alice'), ahead)).body, seenAs('alice'))
  await clock.set(CLOCK_SKEW_S + 10)
  await sleep(CLOCK_SEEN_MS)
  await assertRefused(await lab.token('alice'), 'negotiate-clock-skew', ahead)
})
