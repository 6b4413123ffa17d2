/** A person that the OP, and clients, call by a UPN of another suffix, and the directory by an account name. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { basic, bearer, negotiate, seenAs } from './proxy-client.ts'
import { type LabProxy, type ProxyLab, startProxyLab } from './proxy-lab.ts'

let lab: ProxyLab
let proxy: LabProxy

before(async () => {
  lab = await startProxyLab({
    accounts: [
      { name: 'lovelace', password: 'lovelace-Passw0rd', userPrincipalName: 'ada@other.example' },
      { name: 'ada', password: 'ada-Passw0rd' },
    ],
  })
  proxy = await lab.proxy({
    configure: config => ({ ...config, kerberos: { ...(config.kerberos as object), upnSuffixes: ['other.example'] } }),
  })
})
after(() => lab?.close())

test('arrives at Apache as the account, by token of the OP, by password and by ticket, and is one person in the log', async () => {
  const password = lab.kdc.passwordOf('lovelace')
  const ways = [
    bearer(await proxy.bearerOf('Ada@Other.example')),
    basic('ada@other.example', password),
    basic('lovelace', password),
    negotiate(await lab.token('lovelace')),
  ]
  for (const headers of ways) assert.equal((await proxy.ask('/whoami', { headers })).body, seenAs('lovelace'))
  for (const scheme of ['bearer', 'basic', 'negotiate'])
    await proxy.logged(record => record['torhaus.scheme'] === scheme && record['user.name'] === 'lovelace')
  assert.doesNotMatch(await proxy.log(), /"user\.name":"ada/i)
  assert.equal(await proxy.metric('torhaus_cached_principals'), 1)
})

test('is not the account that is called as the UPN begins, and nobody else is either', async () => {
  const answer = async (account: string) => {
    const { status, code } = await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf(account)) })
    return `${status} ${code}`
  }
  assert.equal((await proxy.ask('/whoami', { headers: bearer(await proxy.bearerOf('ada')) })).body, seenAs('ada'))
  assert.equal(await answer('alice@other.example'), '403 account-unmapped')
  assert.equal(await answer('ada@elsewhere.example'), '403 account-unmapped')
})

test('waits for the directory where that does not answer: nobody is admitted under the name of the OP', async () => {
  const cold = await lab.proxy({
    configure: config => ({
      ...config,
      kerberos: {
        ...config.kerberos,
        ...{ upnSuffixes: ['other.example'], kdcs: ['127.0.0.1:9'], krb5ConfigFile: undefined },
      },
    }),
  })
  const { status, code } = await cold.ask('/whoami', { headers: bearer(await cold.bearerOf('ada@other.example')) })
  assert.deepEqual([status, code], [503, 'kdc-unreachable'])
})
