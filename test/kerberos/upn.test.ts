/** People whose UPN has another suffix than the realm, and whose account is called otherwise. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { firstToken } from '../../devkit/kerberos/first-token.ts'
import { startInitiator } from '../../devkit/realm/initiator.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { attemptMemory } from '../../devkit/torhaus/attempt-memory.ts'
import { type Directory, type KerberosSettings, openDirectory } from '../../src/kerberos/directory.ts'
import { createKdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import type { KeyFor } from '../../src/kerberos/kdc/sign-in.ts'
import { KerberosError } from '../../src/kerberos/kerberos-error.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { stringToKey } from '../../src/kerberos/protocol/string-to-key.ts'
import { system } from '../../src/system.ts'

const UPN = 'ada@other.example'
const TARGET = 'HTTP/devops.corp.test'
const secret = 'Wr0ng-secret'

let kdc: SambaKdc
let directory: Directory

const settings = (): KerberosSettings => ({
  ...{ realm: 'CORP.TEST', netbiosDomain: 'CORP', kdcs: [kdc.kdc] },
  ...{ trustedRealms: [] },
  ...{ upnSuffixes: ['other.example', 'third.example'], keytabFile: kdc.keytabs.proxy, servicePrincipal: 'svc-proxy' },
  ...{ replayCacheDirectory: `${kdc.directory}/replay`, recheckSeconds: 300, channelBindings: 'accept' },
  ...{ kdcTimeoutMs: 5000, kdcFailureThreshold: 3, kdcPauseMs: 5000, maxPrincipals: 100 },
  passwords: {
    ...{ accept: true, verdictSeconds: 300, maxFailuresPerAccount: 3, reservedFailuresPerAccount: 0 },
    ...{ provenNetworkSeconds: 0, ipv6PrefixBits: 64, maxFailuresPerAddress: 4, failureWindowSeconds: 60 },
  },
})

const open = () =>
  openDirectory(settings(), 'proxy.corp.test', {
    ...{ ...system, attempts: attemptMemory(), certificate: undefined },
    ...{ question: { sids: new Set<string>(), indicators: new Set<string>() } },
    ...{ onCircuit: () => undefined, onKdc: () => undefined },
  })

before(async () => {
  kdc = await startSambaKdc({
    accounts: [
      { name: 'lovelace', password: 'lovelace-Passw0rd', userPrincipalName: 'Ada@other.example' },
      // Called as the UPN of another begins, and with the same name at another suffix.
      { name: 'ada', password: 'ada-Passw0rd', userPrincipalName: 'ada@third.example' },
      { name: 'gone', password: 'gone-Passw0rd', userPrincipalName: 'gone@other.example', disabled: true },
      // The name of another account as a UPN in the realm's own suffix.
      { name: 'mallory', password: 'mallory-Passw0rd', userPrincipalName: 'bob2@corp.test' },
    ],
  })
  directory = await open()
})
after(async () => {
  directory?.[Symbol.dispose]()
  await kdc?.close()
})

async function codeOf(ask: () => unknown): Promise<string> {
  try {
    await ask()
    return 'none'
  } catch (error) {
    assert(error instanceof KerberosError, `${error}`)
    assert.doesNotMatch(`${error.message}`, /ada|lovelace|other\.example/)
    return error.code
  }
}

describe('a UPN of another suffix', () => {
  it('is the account that the directory says, in any case of letters', async () => {
    for (const name of [UPN, 'ADA@Other.Example']) assert.equal(await directory.resolve(name), 'lovelace@CORP.TEST')
  })

  it('is asked about once for a while, however many ask at once', async () => {
    using fresh = await open()
    await fresh.resolve('alice')
    const { tgs } = kdc.requests()
    await Promise.all(Array.from({ length: 20 }, () => fresh.resolve(UPN)))
    await fresh.resolve(UPN)
    assert.equal(kdc.requests().tgs, tgs + 1)
  })

  it('is never the account that is called as it begins, nor one of the same name at another suffix (pitfall 21)', async () => {
    assert.equal(await directory.resolve('ada'), 'ada@CORP.TEST')
    assert.equal(await directory.resolve('ada@third.example'), 'ada@CORP.TEST')
    assert.equal(await codeOf(() => directory.resolve('lovelace@other.example')), 'client-unknown')
    assert.equal(await codeOf(() => directory.resolve('alice@other.example')), 'client-unknown')
    assert.equal(await codeOf(() => directory.resolve('gone@other.example')), 'client-disabled')
  })

  it('that is not of the list is refused without asking', async () => {
    const { tgs } = kdc.requests()
    for (const name of [
      'ada@elsewhere.example',
      'OTHER\\ada',
      'a@b@other.example',
      'svc/ada@other.example',
      '@other.example',
    ])
      assert.match(await codeOf(() => directory.resolve(name)), /^(foreign-realm|principal-malformed)$/, name)
    assert.equal(kdc.requests().tgs, tgs)
  })

  it('signs in with its password, as that account, and with nobody else’s', async () => {
    const { passwordOf } = kdc
    assert.equal(await directory.checkPassword(UPN, passwordOf('lovelace'), '192.0.2.1'), 'lovelace@CORP.TEST')
    assert.equal(await codeOf(() => directory.checkPassword(UPN, passwordOf('ada'), '192.0.2.1')), 'password-wrong')
  })

  it('travels as that account', async () => {
    const principal = await directory.resolve(UPN)
    assert((await directory.initiate(principal, TARGET)).length > 500)
  })
})

describe('guessing', () => {
  it('has one budget for an account, by whatever name', async () => {
    using fresh = await open()
    const guess = (name: string, index: number) =>
      codeOf(() => fresh.checkPassword(name, `${secret}-${index}`, `192.0.2.${index}`))
    const names = ['lovelace', UPN, 'CORP\\Lovelace', 'ADA@OTHER.EXAMPLE', 'lovelace@corp.test', UPN]
    const codes = await Promise.all(names.map(guess))
    assert.equal(codes.filter(code => code === 'password-wrong').length, 3, `${codes}`)
    assert.equal(codes.filter(code => code === 'password-limited').length, 3, `${codes}`)
  })

  it('of names ends at the limit of the address, and the KDC is not asked any more', async () => {
    using fresh = await open()
    const guess = (index: number) =>
      codeOf(() => fresh.checkPassword(`nobody${index}@other.example`, secret, '192.0.2.99'))
    for (let index = 0; index < 4; index++) assert.equal(await guess(index), 'client-unknown')
    const { tgs } = kdc.requests()
    for (let index = 4; index < 8; index++) assert.equal(await guess(index), 'password-limited')
    assert.equal(kdc.requests().tgs, tgs)
  })
})

describe('a UPN in the realm’s own suffix', () => {
  /** A ticket of whom the KDC takes `name` for, under the name that was asked with. */
  async function tokenAs(name: string, password: string): Promise<Buffer> {
    const address = parseKdc(kdc.kdc)
    assert(address)
    const pool = createKdcPool({
      ...{ locator: configuredKdcs([address]), timeoutMs: 5_000, monotonic: system.monotonic },
    })
    const client = createKdcClient({ pools: new Map([['CORP.TEST', pool]]), realm: 'CORP.TEST', now: system.now })
    const keyFor: KeyFor = async ([info]) =>
      stringToKey(info?.etype ?? 18, Buffer.from(password), info?.salt ?? Buffer.alloc(0), info?.parameters)
    const tgt = await client.signIn(nameOf(name, NAME_TYPE.principal), keyFor)
    const ticket = await client.serviceTicket(tgt, nameOf('HTTP/proxy.corp.test', NAME_TYPE.serviceInstance))
    assert.deepEqual(ticket.client.components, [name])
    return firstToken(ticket)
  }

  it('is no second name: a ticket got with it is that of the account, which the PAC names (pitfall 22)', async () => {
    for (const name of ['bob2', 'mallory', 'MALLORY'])
      assert.equal(
        (await directory.accept(await tokenAs(name, kdc.passwordOf('mallory')), false)).principal,
        'mallory@CORP.TEST',
        name,
      )
  })

  it('is no second name for who asks for a ticket without PAC either, be it the first one after a start', async () => {
    using fresh = await open()
    const initiator = await startInitiator(kdc)
    try {
      const env = { ...process.env, KRB5_CONFIG: kdc.krb5Config }
      const ccache = join(kdc.directory, 'without-pac')
      await runCommand('kinit', ['--no-request-pac', '-c', ccache, 'bob2'], {
        input: `${kdc.passwordOf('mallory')}\n`,
        env,
      })
      const asked = { spn: 'HTTP@proxy.corp.test', ccache: `FILE:${ccache}` }
      const token = async () => Buffer.from(await initiator.negotiateToken(asked), 'base64')
      assert.equal(await codeOf(async () => fresh.accept(await token(), false)), 'principal-malformed')
    } finally {
      await initiator.close()
    }
  })

  it('is nobody who could sign in by password, also with that of the account', async () => {
    using fresh = await open()
    const check = (name: string, password: string) => codeOf(() => fresh.checkPassword(name, password, '192.0.2.7'))
    assert.equal(await check('bob2', kdc.passwordOf('mallory')), 'client-unknown')
    assert.equal(await check('bob2@corp.test', kdc.passwordOf('mallory')), 'client-unknown')
    assert.equal(await check('mallory', kdc.passwordOf('mallory')), 'none')
  })

  it('is no way to be taken for the account of that name: nobody is impersonated by it (pitfall 22)', async () => {
    assert.equal(await directory.resolve('bob2@corp.test'), 'bob2@CORP.TEST')
    const principal = directory.principalOf('bob2@corp.test')
    assert.match(await codeOf(() => directory.initiate(principal, TARGET)), /^(identity-mismatch|client-unknown)$/)
  })
})
