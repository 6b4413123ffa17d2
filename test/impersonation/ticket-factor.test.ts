/**
 * Tickets that prove two factors, as the configuration has it: the SID of a group stands for one that a directory gives
 * to who signs in with a smart card.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseKdc } from '../../config/kdc-address.ts'
import { createKdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { NAME_TYPE } from '../../src/kerberos/protocol/principal-name.ts'
import { tokenTemplate } from '../../src/kerberos/protocol/token-template.ts'
import { system } from '../../src/system.ts'
import { basic, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const FRESH_S = 10
const NAVIGATION = {
  'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0',
  ...{ accept: 'text/html', 'sec-fetch-mode': 'navigate' },
}

let lab: ProxyLab
let proxy: LabProxy
let signedInAtMs: number

before(async () => {
  lab = await startProxyLab()
  const shown = await lab.kdc.sambaTool('group', 'show', 'Domain Admins', '--attributes=objectSid')
  const sid = /objectSid: (\S+)/.exec(shown)?.[1] ?? assert.fail(shown)
  proxy = await lab.proxy({
    firstFactorIsEnough: false,
    configure: config => ({
      ...config,
      secondFactor: {
        ...config.secondFactor,
        acceptTicket: { sids: [sid], indicators: ['otp'] },
        rules: [
          { name: 'guarded', when: { path: '/whoami/guarded', groups: [sid] }, require: 'refuse' },
          { name: 'fresh', when: { path: '/whoami/fresh' }, require: 'second-factor', maxAgeSeconds: FRESH_S },
        ],
      },
    }),
  })
  signedInAtMs = Date.now()
  await lab.client('admin1')
})
after(() => lab.close())

const byTicket = async (name: string, path = '/whoami', headers: Readonly<Record<string, string>> = {}) =>
  proxy.ask(path, { headers: { ...headers, ...negotiate(await lab.token(name)) } })
const outcomeOf = ({ status, code }: Awaited<ReturnType<typeof byTicket>>) => [status, code]

test('a ticket with such a SID passes as one that proved two factors, and log and metrics say so', async () => {
  const { status, body } = await byTicket('admin1')
  assert.deepEqual([status, body], [200, seenAs('admin1')])
  await proxy.logged(record => record['user.name'] === 'admin1' && record['torhaus.admitted_by'] === 'ticket-factor')
  assert.equal(await proxy.metric('torhaus_admissions_total', { policy: 'ticket-factor' }), 1)
})

test('a ticket without it, and a password of the same person, do not', async () => {
  assert.deepEqual(outcomeOf(await byTicket('alice')), [403, 'second-factor-missing'])
  const headers = basic('admin1', lab.kdc.passwordOf('admin1'))
  assert.deepEqual(outcomeOf(await proxy.ask('/whoami', { headers })), [403, 'second-factor-missing'])
})

test('nor does a ticket that a service got in the name of that person, who was not there (S4U2self)', async () => {
  const address = parseKdc(lab.kdc.kdc)
  assert(address)
  const locator = configuredKdcs([address])
  const pool = createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })
  const client = createKdcClient({ pools: new Map([['CORP.TEST', pool]]), realm: 'CORP.TEST', now: system.now })
  const named = (name: string) => ({ type: NAME_TYPE.principal, components: [name] })
  using keytab = new KeytabFile(lab.kdc.keytabs.proxy)
  const keyFor = async () => keytab.keysOf('svc-proxy@CORP.TEST')[0]?.key.copy() ?? assert.fail('no key')
  const own = await client.signIn(named('svc-proxy'), keyFor)
  const evidence = await client.s4u2self(own, named('admin1'))
  const token = tokenTemplate(evidence)(Date.now())
  const answer = await proxy.ask('/whoami', { headers: negotiate(token) })
  assert.deepEqual(outcomeOf(answer), [403, 'second-factor-missing'])
  const guarded = negotiate(tokenTemplate(evidence)(Date.now()))
  assert.deepEqual(outcomeOf(await proxy.ask('/whoami/guarded', { headers: guarded })), [403, 'rule-refuses'])
})

test('a rule names the group by its SID; by a password nobody knows who is in it, and the rule asks for more', async () => {
  assert.deepEqual(outcomeOf(await byTicket('admin1', '/whoami/guarded')), [403, 'rule-refuses'])
  assert.deepEqual(outcomeOf(await byTicket('alice', '/whoami/guarded')), [403, 'second-factor-missing'])
  const headers = basic('admin1', lab.kdc.passwordOf('admin1'))
  assert.deepEqual(outcomeOf(await proxy.ask('/whoami/guarded', { headers })), [403, 'rule-refuses'])
})

test('the sign-in at the KDC counts, not the moment the ticket is shown', async () => {
  await sleep(Math.max(0, signedInAtMs + (FRESH_S + 1) * 1000 - Date.now()))
  assert.deepEqual(outcomeOf(await byTicket('admin1', '/whoami/fresh')), [403, 'second-factor-stale'])
})

test('a browser is asked for a ticket, and with one that is enough it has a session, which is as good', async () => {
  const asked = await proxy.ask('/whoami', { headers: NAVIGATION })
  assert.deepEqual([asked.status, asked.all('www-authenticate').includes('Negotiate')], [401, true])
  const { status, headers } = await byTicket('admin1', '/whoami', NAVIGATION)
  assert.equal(status, 200)
  const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? assert.fail('no session')
  const withSession = (path: string) => proxy.ask(path, { headers: { ...NAVIGATION, cookie } })
  const seen = await withSession('/whoami')
  assert.deepEqual([seen.status, seen.body], [200, seenAs('admin1')])
  assert.deepEqual(outcomeOf(await withSession('/whoami/guarded')), [403, 'rule-refuses'], 'with the groups')
  assert.deepEqual(outcomeOf(await withSession('/whoami/fresh')), [401, 'session-ended'], 'a newer ticket may do')
})

test('a browser whose ticket is not enough, or too old, is led to the sign-in and has no session', async () => {
  for (const [name, path] of [
    ['alice', '/whoami'],
    ['admin1', '/whoami/fresh'],
  ] as const) {
    const { status, headers } = await byTicket(name, path, NAVIGATION)
    assert.equal(status, 302, name)
    assert.match(headers.location ?? '', /\/\.torhaus\/sign-in\?/)
    if (name === 'alice') assert.equal(headers['set-cookie'], undefined)
  }
})
