/**
 * GSSAPI takes the credential of the environment where it finds none of the kind asked for. Here the environment is
 * bob's: his tickets as KRB5CCNAME, his keytab as KRB5_CLIENT_KTNAME. Nobody may ever arrive as bob who is not bob.
 */
import assert from 'node:assert/strict'
import { copyFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { curlNegotiate } from '../../devkit/realm/clients.ts'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import type { LabTorhausOptions } from '../../devkit/realm/lab-torhaus.ts'
import { basic, bearer, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

const BOTH_HOSTS = ['perRequest', 'connectionBound'] as const

let lab: ProxyLab
let environment: NodeJS.ProcessEnv

before(async () => {
  lab = await startProxyLab()
  const bob = await lab.client('bob')
  // So that the cache holds what a careless proxy would send: a ticket of bob's for this very server.
  const { resolve, url } = lab.apache.perRequest
  assert.equal((await curlNegotiate(bob, `${url}/whoami`, { resolve: [resolve] })).body, seenAs('bob'))
  const keytab = join(lab.kdc.directory, 'bob.keytab')
  await lab.kdc.sambaTool('domain', 'exportkeytab', keytab, '--principal=bob')
  environment = { KRB5CCNAME: bob.ccache, KRB5_CLIENT_KTNAME: `FILE:${keytab}`, KRB5_KTNAME: `FILE:${keytab}` }
})
after(() => lab.close())

const asConfigured = (change: object): Partial<LabTorhausOptions> => ({
  environment,
  configure: config => ({ ...config, kerberos: { ...config.kerberos, ...change } }),
})

/** Everybody gets an answer under the own name, or none. */
async function assertNobodyIsBob(proxy: LabProxy, status: number, code: string): Promise<void> {
  const presented = [
    bearer(await proxy.bearerOf('alice')),
    bearer(await proxy.bearerOf('sensitive1')),
    basic('alice', lab.kdc.passwordOf('alice')),
    negotiate(await lab.token('alice')),
  ]
  for (const headers of presented) {
    const answer = await proxy.ask('/whoami', { headers })
    assert.deepEqual([answer.status, answer.code], [status, code])
    assert.doesNotMatch(answer.body, /bob/)
  }
}

for (const host of BOTH_HOSTS) {
  test(`with bob's tickets in the environment, everybody else still arrives at the ${host} host under the own name`, async () => {
    const proxy = await lab.proxy({ ...asConfigured({}), upstream: lab.apache[host] })
    for (const account of ['alice', 'carol', 'bob', 'alice']) {
      const headers = bearer(await proxy.bearerOf(account))
      assert.equal((await proxy.ask('/whoami', { headers })).body, seenAs(account))
    }
    for (const account of ['nobody', 'disabled1', 'sensitive1']) {
      const answer = await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf(account)) })
      assert.deepEqual([answer.status, answer.body.includes('bob')], [403, false], account)
    }
    assert.equal(await proxy.metric('torhaus_identity_mismatches_total'), 0)
  })
}

test('a service account that the keytab has no key for gives 503 to everybody, and never bob (hazard 1)', async () => {
  const [keytabFile, without] = ['lacking.keytab', 'without.keytab'].map(name => join(lab.kdc.directory, name))
  assert(keytabFile !== undefined && without !== undefined)
  await copyFile(lab.kdc.keytabs.proxy, keytabFile)
  await lab.kdc.sambaTool('domain', 'exportkeytab', without, `--principal=HTTP/${PROXY_NAME}`)
  // A start with such a keytab is refused: it comes afterwards.
  const proxy = await lab.proxy(asConfigured({ keytabFile }))
  await rename(without, keytabFile)
  await assertNobodyIsBob(proxy, 503, 'kerberos-misconfigured')
})

test('a service key that the directory no longer accepts gives 503 to everybody, and never bob', async () => {
  const keytabFile = join(lab.kdc.directory, 'outdated.keytab')
  await copyFile(lab.kdc.keytabs.proxy, keytabFile)
  const proxy = await lab.proxy({ ...asConfigured({ keytabFile }) })
  await lab.kdc.sambaTool('user', 'setpassword', 'svc-proxy', '--newpassword=Another-Passw0rd')
  const answer = await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf('alice')) })
  assert.deepEqual([answer.status, answer.code], [503, 'kerberos-misconfigured'])
  assert.doesNotMatch(answer.body, /bob/)
})
