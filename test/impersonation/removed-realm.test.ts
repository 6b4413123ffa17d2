/** A realm that was trusted, until a reload: nobody of it gets on, by whatever they were let in. With two realms of MIT. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { parseKdc } from '../../config/kdc-address.ts'
import { type EchoOrigin, startEchoOrigin } from '../../devkit/origin/echo-origin.ts'
import { PROXY_SPN } from '../../devkit/realm/lab-accounts.ts'
import { type LabTorhaus, startLabTorhaus } from '../../devkit/realm/lab-torhaus.ts'
import { createKdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { tokenTemplate } from '../../src/kerberos/protocol/token-template.ts'
import { system } from '../../src/system.ts'
import { HOME, PARTNER, startTwoRealms, type TwoRealms } from '../kerberos/two-realms.ts'
import { ask, basic, negotiate } from './proxy-client.ts'

const PASSWORD = { alice: 'alice-Passw0rd', ada: 'ada-Passw0rd' }
const REALM = { alice: HOME, ada: PARTNER }
type Name = keyof typeof REALM
const BROWSER = { accept: 'text/html', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0' }
const WAIT_MS = 60_000

let realms: TwoRealms
let origin: EchoOrigin
let torhaus: LabTorhaus

before(async () => {
  realms = await startTwoRealms({
    services: [PROXY_SPN, 'svc-proxy'],
    users: { alice: PASSWORD.alice },
    partnerUsers: { ada: PASSWORD.ada },
  })
  origin = await startEchoOrigin()
  const { home, partner } = realms
  torhaus = await startLabTorhaus({
    kdc: {
      ...{ realm: HOME, krb5Config: home.krb5Config, keytabs: { proxy: home.keytab, devops: home.keytab } },
      passwordOf: name => PASSWORD[name as Name],
    },
    upstream: { address: '127.0.0.1', port: origin.port },
    ...{ firstFactorIsEnough: true, users: ['alice'] },
    // An identity that needs no KDC: with S4U such an account would be refused for that alone.
    configure: config => ({
      ...config,
      upstream: { ...config.upstream, identity: { kind: 'header', header: { field: 'X-Account' } } },
      kerberos: { ...config.kerberos, trustedRealms: [{ realm: PARTNER, kdcs: [partner.kdc] }] },
    }),
  })
})
after(async () => {
  await torhaus?.stop()
  await origin?.close()
  await realms?.close()
})

async function tokenOf(name: Name): Promise<string> {
  const poolOf = (kdc: string) => {
    const address = parseKdc(kdc)
    assert(address)
    const locator = configuredKdcs([address])
    return createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })
  }
  const pools = new Map([
    [HOME, poolOf(realms.home.kdc)],
    [PARTNER, poolOf(realms.partner.kdc)],
  ])
  const client = createKdcClient({ pools, realm: HOME, now: system.now })
  const salt = Buffer.from(`${REALM[name]}${name}`)
  const keyFor = async () => stringToKey(18, Buffer.from(PASSWORD[name]), salt, undefined)
  const tgt = await client.signIn(nameOf(name, NAME_TYPE.principal), keyFor, { realm: REALM[name] })
  const ticket = await client.serviceTicket(tgt, nameOf(PROXY_SPN, NAME_TYPE.serviceInstance))
  return tokenTemplate(ticket)(Date.now())
}

const byTicket = async (name: Name) => ask(torhaus, '/', { headers: { ...BROWSER, ...negotiate(await tokenOf(name)) } })
const byPassword = (name: Name) => ask(torhaus, '/', { headers: basic(`${name}@${REALM[name]}`, PASSWORD[name]) })
const bySession = (cookie: string) => ask(torhaus, '/', { headers: { cookie } })
const seen = () => origin.requests.at(-1)?.all('X-Account')

async function sessionOf(name: Name): Promise<string> {
  const { status, all, code } = await byTicket(name)
  assert.equal(status, 200, `${code}`)
  const [cookie = assert.fail('no session')] = all('set-cookie')
  return cookie.slice(0, cookie.indexOf(';'))
}

test('what a person of a realm was let in by counts no more once the realm is out of the configuration', async () => {
  const [ada, alice] = [await sessionOf('ada'), await sessionOf('alice')]
  for (const [cookie, account] of [
    [ada, 'ada@PARTNER.TEST'],
    [alice, 'alice'],
  ] as const) {
    assert.equal((await bySession(cookie)).status, 200)
    assert.deepEqual(seen(), [account])
  }
  assert.equal((await byPassword('ada')).status, 200)

  const config = parse(await readFile(torhaus.configFile, 'utf8'))
  config.kerberos.trustedRealms = []
  await writeFile(torhaus.configFile, stringify(config))
  process.kill(torhaus.pid, 'SIGHUP')
  const deadline = performance.now() + WAIT_MS
  for (let answer = await byTicket('ada'); answer.code !== 'negotiate-foreign-realm'; answer = await byTicket('ada')) {
    assert(performance.now() < deadline, `${answer.status} ${answer.code}`)
    await sleep(50)
  }

  const reached = origin.requests.length
  assert.deepEqual((await bySession(ada)).code, 'session-ended')
  assert.equal((await byTicket('ada')).code, 'negotiate-foreign-realm')
  assert.equal((await byPassword('ada')).code, 'password-wrong')
  assert.equal(origin.requests.length, reached, 'the origin server saw somebody of the realm')
  assert.equal((await bySession(alice)).status, 200)
  assert.deepEqual(seen(), ['alice'])
})
