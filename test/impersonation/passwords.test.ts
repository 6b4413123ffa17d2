import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kinit } from '../../devkit/realm/clients.ts'
import { basic, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

/** Of the directory; the proxy's own limit is 3. */
const LOCKOUT_THRESHOLD = 5
const GUESSES = 20
const GUESSERS = 8

let lab: ProxyLab
let proxy: LabProxy

before(async () => {
  lab = await startProxyLab()
  await lab.kdc.sambaTool(...['domain', 'passwordsettings', 'set', `--account-lockout-threshold=${LOCKOUT_THRESHOLD}`])
  proxy = await lab.proxy()
})
after(() => lab.close())

const logIn = (user: string, password: string, at = proxy) => at.ask('/whoami', { headers: basic(user, password) })

async function badPasswordCount(account: string): Promise<number> {
  const shown = await lab.kdc.sambaTool('user', 'show', account, '--attributes=badPwdCount')
  return Number(/badPwdCount: (\d+)/.exec(shown)?.[1] ?? 0)
}

test('a directory password arrives as the account, in each spelling of the name', async () => {
  for (const name of ['alice', 'Alice', 'CORP\\alice', 'alice@corp.test'])
    assert.equal((await logIn(name, lab.kdc.passwordOf('alice'))).body, seenAs('alice'), name)
  const { status, code } = await logIn('alice@elsewhere.test', lab.kdc.passwordOf('alice'))
  assert.deepEqual([status, code], [401, 'password-wrong'])
})

test('a remembered verdict costs the KDC nothing', async () => {
  await logIn('alice', lab.kdc.passwordOf('alice'))
  const before = lab.kdc.requests()
  for (let request = 0; request < 50; request++)
    assert.equal((await logIn('alice', lab.kdc.passwordOf('alice'))).status, 200)
  assert.deepEqual(lab.kdc.requests(), before)
})

test('guessing ends in 429 with Retry-After, and the account is never locked in the directory', async () => {
  const answers: [number, string | undefined][] = []
  for (let guess = 0; guess < GUESSES; guess++) {
    // Side by side, so that no guess can wait for the verdict about another.
    const guesses = Array.from({ length: GUESSERS }, (_, guesser) => logIn('bob', `guess ${guess}.${guesser}`))
    for (const { status, code, headers } of await Promise.all(guesses)) {
      answers.push([status, code])
      if (status === 429) assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/)
    }
    await sleep(150)
  }
  const wrong = answers.filter(([status, code]) => status === 401 && code === 'password-wrong').length
  const limited = answers.filter(([status, code]) => status === 429 && code === 'password-limited').length
  assert.equal(wrong + limited, GUESSES * GUESSERS)
  assert.ok(wrong >= 1 && wrong <= 3, `${wrong} guesses reached the directory`)
  assert.equal(await badPasswordCount('bob'), wrong)
  assert.ok(wrong < LOCKOUT_THRESHOLD)

  // Limited is limited, also for the right password; at the directory itself the account is as free as before.
  const { status, headers } = await logIn('bob', lab.kdc.passwordOf('bob'))
  assert.equal(status, 429)
  assert.ok(Number(headers['retry-after']) > 0)
  await kinit(lab.kdc, 'bob')
})

test('a stale password that a client repeats counts once', async () => {
  const before = await badPasswordCount('carol')
  for (let request = 0; request < 10; request++)
    assert.equal((await logIn('carol', 'the password of last year')).code, 'password-wrong')
  assert.equal(await badPasswordCount('carol'), before + 1)
  // The back-off after one failure is a second.
  await sleep(1100)
  assert.equal((await logIn('carol', lab.kdc.passwordOf('carol'))).body, seenAs('carol'))
})

test('no password shows up in the log, the metrics, an answer, or at the server', async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.rawHeaders.join('\n'))
    response.end('ok')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const upstream = { url: `http://127.0.0.1:${port}`, address: '127.0.0.1', port, resolve: '' }
    const open = await lab.proxy({ upstream, configure: config => ({ ...config, logging: { level: 'trace' } }) })
    const secrets = [lab.kdc.passwordOf('alice'), 'Wrong-Passw0rd-xyzzy']
    const answers = await Promise.all(secrets.map(password => logIn('alice', password, open)))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401])
    await open.logged(record => record['torhaus.code'] === 'password-wrong')
    const metrics = await (await fetch(`${open.adminUrl}/metrics`)).text()
    const everything = [
      await open.log(),
      metrics,
      ...seen,
      ...answers.map(({ body, headers }) => body + JSON.stringify(headers)),
    ]
    const forms = secrets.flatMap(secret => [secret, basic('alice', secret).authorization.slice('Basic '.length)])
    for (const text of everything) for (const form of forms) assert.ok(!text.includes(form), 'a password leaked')
    assert.equal(seen.length, 1)
    assert.match(seen[0] ?? '', /\nAuthorization\nNegotiate /)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})
