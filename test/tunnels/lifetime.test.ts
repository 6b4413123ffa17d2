import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import type { BrowserClient } from '../../devkit/clients/browser-client.ts'
import { confirmAt, pressButton } from '../../devkit/clients/own-forms.ts'
import { secondFactorAcr } from '../../devkit/op/configuration.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { ACCEPT, closed, message, Refused, startTunnelLab, type TunnelLab } from '../../devkit/torhaus/tunnel-lab.ts'

const HOUR_S = 3600
/** Each tunnel is judged about once a second as long as there are few. */
const JUDGED_MS = 2500

let offsetMs = 0
let lab: TunnelLab
const turnClock = (seconds: number) => {
  offsetMs += seconds * 1000
}

before(async () => {
  lab = await startTunnelLab({
    now: () => Date.now() + offsetMs,
    more: {
      credentials: { patAccountField: 'X-VSS-UserData' },
      secondFactor: {
        acceptAcr: [secondFactorAcr],
        maxAgeSeconds: 30 * 24 * HOUR_S,
        rules: [
          { name: 'fresh', when: { path: '/fresh' }, require: 'second-factor', maxAgeSeconds: 60 },
          { name: 'tried', when: { path: '/tried' }, require: 'refuse', reportOnly: true },
        ],
      },
    },
  })
})
after(() => lab.close())

const page = async (path: string, browser?: BrowserClient) =>
  lab.open(path, lab.pageFields(browser ?? (await lab.signedIn())))
const post = (browser: BrowserClient, path: string) =>
  browser.send(lab.url + path, { method: 'POST', fields: { Origin: lab.url } })

async function isOpen(socket: WebSocket): Promise<boolean> {
  socket.send('?')
  return (await message(socket)).toString() === '?'
}

/** It closes, without a close frame, and the log says why. */
async function ends(socket: WebSocket, path: string, code: string): Promise<void> {
  assert.equal(await closed(socket), 1006)
  const record = await lab.record(path)
  assert.deepEqual([record['torhaus.outcome'], record['torhaus.code']], ['aborted', code])
}

test('signing out closes the WebSockets of that session at once, and leaves those of another session open', async () => {
  const [leaving, staying] = [await lab.signedIn(), await lab.signedIn()]
  const [first, second] = [await page('/leaving', leaving), await page('/staying', staying)]
  assert.match((await leaving.send(`${lab.url}/.torhaus/sign-out`)).text, /Sign out\?/)
  const over = ends(first, '/leaving', 'session-ended')
  assert.equal((await post(leaving, '/.torhaus/sign-out')).status, 303)
  await over
  await sleep(JUDGED_MS)
  assert.ok(await isOpen(second))
  const last = ends(second, '/staying', 'session-ended')
  await pressButton(staying, `${lab.url}/.torhaus/`, '/.torhaus/sign-out-everywhere')
  await last
})

test('a session that ends while the server thinks about the handshake leaves no WebSocket behind', async () => {
  const own = await startTunnelLab()
  const think = Promise.withResolvers<void>()
  own.origin.onHandshake(async ({ socket }) => {
    await think.promise
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`,
    )
  })
  const browser = await own.signedIn()
  const { Cookie } = own.pageFields(browser)
  const client = await own.handshake('/race', [`Cookie: ${Cookie}`])
  await own.origin.arrived('/race')
  await browser.send(`${own.url}/.torhaus/sign-out`, { method: 'POST', fields: { Origin: own.url } })
  think.resolve()
  assert.equal((await client.head()).status, 101)
  await client.rest()
  assert.equal((await own.record('/race'))['torhaus.code'], 'session-ended')
  await own.close()
})

test('messages do not keep a session alive: it ends when nothing else uses it, and its WebSocket with it', async () => {
  const socket = await page('/abandoned')
  turnClock(HOUR_S)
  assert.ok(await isOpen(socket))
  await sleep(JUDGED_MS)
  assert.ok(await isOpen(socket))
  const over = ends(socket, '/abandoned', 'session-ended')
  turnClock(HOUR_S + 1)
  await over
})

test('while other requests use the session, its WebSocket stays open', async () => {
  const browser = await lab.signedIn()
  const socket = await page('/in-use', browser)
  for (let hours = 0; hours < 4; hours++) {
    turnClock(HOUR_S)
    assert.equal((await browser.send(`${lab.url}/poll`)).status, 200)
    await sleep(JUDGED_MS)
    assert.ok(await isOpen(socket))
  }
  await post(browser, '/.torhaus/sign-out')
})

test('an access token that expires closes its WebSocket', async () => {
  const exp = Math.floor((Date.now() + offsetMs) / 1000) + 600
  const token = await lab.op.issueAccessToken('ada', { exp })
  const socket = await lab.open('/expires', { Authorization: `Bearer ${token}` })
  const over = ends(socket, '/expires', 'bearer-expired')
  turnClock(700)
  await over
})

test('a second factor that has become too old for a rule closes what the rule is about, and only that', async () => {
  const now = Math.floor((Date.now() + offsetMs) / 1000)
  const token = await lab.op.issueAccessToken('ada', { auth_time: now, iat: now, exp: now + HOUR_S })
  const headers = { Authorization: `Bearer ${token}` }
  const [fresh, other] = [await lab.open('/fresh', headers), await lab.open('/other', headers)]
  const over = ends(fresh, '/fresh', 'second-factor-stale')
  turnClock(90)
  await over
  assert.ok(await isOpen(other))
  other.terminate()
})

test('a grant that is taken back closes its WebSocket at once, and nobody is asked for a new one', async () => {
  // The second factor of who confirms must be fresh by the clock of the OP.
  const own = await startTunnelLab()
  const headers = {
    Authorization: `Bearer ${await own.op.issueAccessToken('ada', { acr: 'urn:password' })}`,
    'User-Agent': 'Go-http-client/1.1',
  }
  const refused = await own.open('/hub/asked', headers).catch((error: unknown) => error)
  assert.ok(refused instanceof Refused)
  const { confirmUrl } = JSON.parse(await text(refused.response)) as { confirmUrl: string }
  const browser = await own.signedIn()
  assert.match((await confirmAt(browser, confirmUrl, own.users.ada)).text, /Run the command again/)
  const socket = await own.open('/hub/asked/granted', headers)
  await sleep(JUDGED_MS)
  assert.ok(await isOpen(socket))
  const asked = () => own.log.filter(entry => entry['event.action'] === 'second-factor-asked').length
  assert.equal(asked(), 1)
  const account = (await browser.send(`${own.url}/.torhaus/`)).text
  const revoke = /action="(\/\.torhaus\/grants\/[\w-]+)"/.exec(account)?.[1]
  assert.ok(revoke, 'no grant on the page')
  const over = closed(socket)
  await pressButton(browser, `${own.url}/.torhaus/`, revoke)
  await over
  assert.equal((await own.record('/hub/asked/granted'))['torhaus.code'], 'second-factor-missing')
  assert.equal(asked(), 1)
  await own.close()
})

test('a personal access token that its owner blocks closes its WebSocket at once', async () => {
  const Authorization = patField.slice('Authorization: '.length)
  // The server has to have said whose it is.
  assert.equal((await fetch(`${lab.url}/whose`, { headers: { Authorization } })).status, 200)
  const socket = await lab.open('/by-pat', { Authorization })
  const browser = await lab.signedIn()
  const account = (await browser.send(`${lab.url}/.torhaus/`)).text
  const block = /action="(\/\.torhaus\/pats\/block\/[\w-]+)"/.exec(account)?.[1]
  assert.ok(block, 'no token on the page')
  const over = ends(socket, '/by-pat', 'pat-blocked')
  await pressButton(browser, `${lab.url}/.torhaus/`, block)
  await over
  const refusals = lab.log.filter(entry => entry['event.action'] === 'pat-refused')
  assert.equal(refusals.length, 0, 'nobody has tried to use it')
})

test('what a report-only rule would refuse is reported for the handshake, not for each look at the tunnel', async () => {
  const socket = await page('/tried')
  await sleep(2 * JUDGED_MS)
  assert.ok(await isOpen(socket))
  const reports = lab.log.filter(entry => entry['event.action'] === 'would-have-refused')
  assert.equal(reports.length, 1)
  socket.terminate()
})

test('however good its credentials are, no WebSocket outlives the longest session', async () => {
  const now = Math.floor((Date.now() + offsetMs) / 1000)
  const token = await lab.op.issueAccessToken('ada', { auth_time: now, iat: now, exp: now + 100 * HOUR_S })
  const socket = await lab.open('/long', { Authorization: `Bearer ${token}` })
  const over = ends(socket, '/long', 'tunnel-too-old')
  turnClock(12 * HOUR_S + 1)
  await over
})

test('the age of a WebSocket goes by a clock that nobody sets: where the other was set back by all that went by, it lives no longer', async () => {
  let elapsedMs = 0
  await using own = {
    ...(await startTunnelLab({
      monotonic: () => performance.now() + elapsedMs,
    })),
    async [Symbol.asyncDispose]() {
      await this.close()
    },
  }
  const socket = await own.open('/set-back', own.token)
  elapsedMs = (12 * HOUR_S + 1) * 1000
  assert.equal(await closed(socket), 1006)
  assert.equal((await own.record('/set-back'))['torhaus.code'], 'tunnel-too-old')
})
