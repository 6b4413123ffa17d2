/** What doctor says of a directory in which something of ours is missing: each tried against Samba. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { DEVOPS_SPN } from '../../devkit/realm/lab-accounts.ts'
import { madeKeytab } from '../../devkit/realm/made-keytab.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { examineDirectory } from '../../src/kerberos/examine-directory.ts'
import { system } from '../../src/system.ts'

type Settings = NonNullable<Config['kerberos']>

const PUBLIC_HOST = 'proxy.corp.test'

let kdc: SambaKdc
before(async () => {
  kdc = await startSambaKdc({
    accounts: [
      { name: 'guarded', password: 'guarded-Passw0rd', memberOf: ['Protected Users'] },
      { name: 'lovelace', password: 'lovelace-Passw0rd', userPrincipalName: 'ada@corp.test' },
      { name: 'svc-bare', password: 'svc-bare-Passw0rd', servicePrincipals: ['HTTP/bare.corp.test'] },
      {
        ...{ name: 'svc-listless', password: 'svc-listless-Passw0rd' },
        ...{ servicePrincipals: ['HTTP/listless.corp.test'], protocolTransition: true },
      },
    ],
  })
})
after(() => kdc?.close())

const settings = (more: Partial<Settings> = {}): Settings => ({
  ...{
    realm: 'CORP.TEST',
    netbiosDomain: 'CORP',
    kdcs: [kdc.kdc],
    upnSuffixes: ['other.example'],
    trustedRealms: [],
  },
  ...{ keytabFile: kdc.keytabs.proxy, servicePrincipal: 'svc-proxy' },
  ...{
    recheckSeconds: 300,
    channelBindings: 'accept' as const,
    kdcTimeoutMs: 3000,
    kdcFailureThreshold: 3,
    kdcPauseMs: 5000,
  },
  ...{ maxPrincipals: 100 },
  passwords: {
    ...{ accept: false, verdictSeconds: 0, maxFailuresPerAccount: 3, reservedFailuresPerAccount: 1 },
    ...{ provenNetworkSeconds: 0, ipv6PrefixBits: 64, maxFailuresPerAddress: 20, failureWindowSeconds: 60 },
  },
  ...more,
})

interface Asked {
  readonly publicHost?: string
  readonly target?: string | undefined
  readonly account?: string
  readonly now?: () => number
}

/** `(option) what` of each problem. */
async function problems(more: Partial<Settings> = {}, asked: Asked = {}): Promise<string[]> {
  const { publicHost = PUBLIC_HOST, account = 'alice', now = Date.now } = asked
  const target = 'target' in asked ? asked.target : DEVOPS_SPN
  const all = await examineDirectory(
    { settings: settings(more), publicHost, target, account },
    { now, monotonic: system.monotonic, environment: {} },
  )
  for (const { why, remedy, severity } of all) assert.ok(why !== '' && remedy !== '' && severity === 'error')
  return all.map(({ option, what, remedy }) => `(${option}) ${what}; ${remedy}`)
}

/** The keys of an account and an SPN of it, as they are now. */
async function keytabOf(name: string, ...principals: readonly string[]): Promise<string> {
  const path = join(kdc.directory, `${name}.keytab`)
  for (const principal of principals) await kdc.sambaTool('domain', 'exportkeytab', path, `--principal=${principal}`)
  return path
}

async function only(answer: Promise<string[]>, pattern: RegExp): Promise<void> {
  const all = await answer
  assert.equal(all.length, 1, all.join('\n'))
  assert.match(all[0] ?? '', pattern)
}

test('nothing is said of a directory in which all is well, wherever its KDCs are named', async () => {
  assert.deepEqual(await problems(), [])
  assert.deepEqual(await problems({}, { target: undefined }), [])
  assert.deepEqual(await problems({ kdcs: [], krb5ConfigFile: kdc.krb5Config }), [])
})

test('a keytab without our names, and one that is older than the password, are told apart', async () => {
  await only(
    problems({}, { publicHost: 'other.corp.test' }),
    /^\(kerberos\.keytabFile\) \S+ has no AES key for HTTP\/other\.corp\.test@CORP\.TEST \(it has keys for: .*svc-proxy@CORP\.TEST/,
  )
  const bare = { servicePrincipal: 'svc-bare', keytabFile: await keytabOf('old', 'svc-bare', 'HTTP/bare.corp.test') }
  const host = { publicHost: 'bare.corp.test', target: undefined }
  assert.deepEqual(await problems(bare, host), [])
  await kdc.sambaTool('user', 'setpassword', 'svc-bare', '--newpassword=svc-bare-An0ther')
  await only(
    problems(bare, host),
    /^\(kerberos\.servicePrincipal\) Torhaus cannot sign in as svc-bare@CORP\.TEST: the KDC says 24; the key is from an older password/,
  )
})

test('an SPN that nobody has is named, ours and that of the server', async () => {
  await only(
    problems({}, { target: 'HTTP/nobody.corp.test' }),
    /^\(upstream\.identity\.kerberos\.targetPrincipal\) there is no ticket for HTTP\/nobody\.corp\.test@CORP\.TEST: the KDC says 7; no account has this SPN/,
  )
  const keytabFile = join(kdc.directory, 'aliased.keytab')
  const alias = madeKeytab({ principal: 'HTTP/alias.corp.test@CORP.TEST' })
  await writeFile(keytabFile, Buffer.concat([await readFile(kdc.keytabs.proxy), alias.subarray(2)]))
  await only(
    problems({ keytabFile, acceptAliases: ['HTTP/alias.corp.test'] }),
    /^\(kerberos\.acceptPrincipal\) there is no ticket for HTTP\/alias\.corp\.test@CORP\.TEST: the KDC says 7; no account has this SPN/,
  )
  assert.deepEqual(await problems({ acceptAliases: ['HTTP/*'] }), [])
  await only(problems({ acceptAliases: ['HTTP/gone'] }), /keytabFile\) \S+ has no AES key for HTTP\/gone@CORP\.TEST/)
})

test('what is missing of the right to delegate is named: the transition, or the server in the list', async () => {
  const bare = await keytabOf('bare', 'svc-bare', 'HTTP/bare.corp.test')
  await only(
    problems({ servicePrincipal: 'svc-bare', keytabFile: bare }, { publicHost: 'bare.corp.test' }),
    /^\(kerberos\.servicePrincipal\) Torhaus gets a non-forwardable ticket on behalf of alice@CORP\.TEST: .*any authentication protocol/,
  )
  const listless = await keytabOf('listless', 'svc-listless', 'HTTP/listless.corp.test')
  await only(
    problems({ servicePrincipal: 'svc-listless', keytabFile: listless }, { publicHost: 'listless.corp.test' }),
    /^\(upstream\.identity\.kerberos\.targetPrincipal\) Torhaus may not delegate to HTTP\/devops\.corp\.test@CORP\.TEST: .*msDS-AllowedToDelegateTo/,
  )
})

test('an account that Torhaus refuses, though the KDC does not, is named with the reason', async () => {
  await only(
    problems({}, { account: 'guarded' }),
    /^\(kerberos\.servicePrincipal\) Torhaus may not act on behalf of guarded@CORP\.TEST: a member of Protected Users; .*--account/,
  )
  await only(
    problems({}, { account: 'ada@corp.test' }),
    /^\(kerberos\.upnSuffixes\) the directory names another account for ada@CORP\.TEST: it is lovelace@CORP\.TEST; use the sAMAccountName/,
  )
})

test('an account of a trusted realm is tried there, one of any other is named, and so is a realm without KDCs or a trust', async () => {
  const away = [{ realm: 'PARTNER.TEST', kdcs: ['127.0.0.1:9'], acceptTicket: false }]
  const [ofAda = '', ...rest] = await problems({ trustedRealms: away }, { account: 'ada@partner.test' })
  assert.match(
    ofAda,
    /^\(kerberos\.servicePrincipal\) Torhaus gets no ticket on behalf of ada@PARTNER\.TEST: the KDC says 7;/,
  )
  const noKdcs = /^\(kerberos\.trustedRealms\) no KDC answers for the realm PARTNER\.TEST: ECONNREFUSED; check its kdcs/
  await only(Promise.resolve(rest), noKdcs)
  await only(problems({ trustedRealms: away }, { target: undefined }), noKdcs)
  // It answers, and is of no realm that ours knows.
  await only(
    problems({ trustedRealms: [{ realm: 'PARTNER.TEST', kdcs: [kdc.kdc], acceptTicket: false }] }),
    /^\(kerberos\.trustedRealms\) our KDC issues no ticket for the realm PARTNER\.TEST: the KDC says 7; check that the trust exists/,
  )
  await only(
    problems({}, { account: 'ada@elsewhere.test' }),
    /^\(kerberos\.realm\) ada@elsewhere\.test is not an account of the realm or of one of kerberos\.trustedRealms; .*--account/,
  )
})

test('a KDC that is away, and a clock that is off, are named', async () => {
  await only(
    problems({ kdcs: ['127.0.0.1:9'] }),
    /^\(kerberos\.servicePrincipal\) Torhaus cannot sign in as svc-proxy@CORP\.TEST: .*; check kerberos\.kdcs/,
  )
  await only(
    problems({}, { now: () => Date.now() + 600_000 }),
    /^\(kerberos\.servicePrincipal\) Torhaus cannot sign in as svc-proxy@CORP\.TEST: the KDC says 37; the clocks differ/,
  )
})
