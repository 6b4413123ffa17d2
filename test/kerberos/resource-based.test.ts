/**
 * Resource-based delegation, with Samba 4.22 of Debian 13 in a root of its own: the origin server's account says who may
 * come to it for others, and ours has no list. Samba 4.17 has none.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { octetsOf } from '../../devkit/kerberos/first-token.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { sambaOfTrixie } from '../../devkit/realm/samba-of-trixie.ts'
import { createKdcClient, type KdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import type { RealmPools } from '../../src/kerberos/kdc/realm-pools.ts'
import { createTicketGranting } from '../../src/kerberos/kdc/ticket-granting.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { KDC_OPTION } from '../../src/kerberos/protocol/kdc-request.ts'
import { NAME_TYPE, nameOf } from '../../src/kerberos/protocol/principal-name.ts'
import { system } from '../../src/system.ts'
import { directory, principal } from './kerberos-lab.ts'
import { type Ground, type Impersonating, partsOf } from './parts.ts'

const samba = await sambaOfTrixie()
const skip = 'missing' in samba ? samba.missing : false
const password = 'Service-Passw0rd'
const TFS = 'HTTP/tfs.corp.test'

let kdc: SambaKdc
let pools: RealmPools
let client: KdcClient

before(async () => {
  if ('missing' in samba) return
  kdc = await startSambaKdc({
    root: samba.folder,
    accounts: [
      { name: 'protected1', password, memberOf: ['Protected Users'] },
      { name: 'svc-gate', password, servicePrincipals: ['HTTP/gate.corp.test'], protocolTransition: true },
      { name: 'svc-tfs', password, servicePrincipals: [TFS], delegatedBy: ['svc-gate'] },
      { name: 'svc-shut', password, servicePrincipals: ['HTTP/shut.corp.test'], delegatedBy: ['svc-tfs'] },
    ],
  })
  const address = parseKdc(kdc.kdc)
  assert(address)
  const locator = configuredKdcs([address])
  pools = new Map([['CORP.TEST', createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })]])
  client = createKdcClient({ pools, realm: 'CORP.TEST', now: system.now })
  for (const name of ['svc-gate', 'svc-tfs'])
    await kdc.sambaTool('domain', 'exportkeytab', keytabOf(name), `--principal=${name}`)
})
after(() => kdc?.close())

const keytabOf = (name: string): string => join(kdc.directory, `${name}.keytab`)

async function withImpersonation<T>(
  changes: Impersonating,
  use: (initiate: (name: string, target?: string) => Promise<string>) => Promise<T>,
): Promise<T> {
  const place = { kdc: kdc.kdc, directory: kdc.directory, keytabFile: keytabOf('svc-gate'), accepts: TFS }
  const parts = partsOf({ ...place, gate: createKdcGate(system), names: directory } as Ground)
  const { impersonation, owned } = parts.impersonation({ principal: 'svc-gate@CORP.TEST', ...changes })
  try {
    return await use((name, target = TFS) => impersonation.initiate(principal(name), target))
  } finally {
    for (const part of owned) part[Symbol.dispose]()
  }
}

describe('resource-based delegation', { skip }, () => {
  it('takes people to the server whose account names ours, which has no list of its own', async () => {
    const ground = { kdc: kdc.kdc, directory: kdc.directory, keytabFile: keytabOf('svc-tfs'), names: directory }
    const parts = partsOf({ ...ground, gate: createKdcGate(system), accepts: 'svc-tfs@CORP.TEST' } as Ground)
    using server = parts.acceptor()
    await withImpersonation({}, async initiate => {
      for (const name of ['alice', 'bob'])
        assert.equal((await server.accept(octetsOf(await initiate(name)))).principal, `${name}@CORP.TEST`)
    })
  })

  it('takes nobody to a server whose account names another, or nobody', async () => {
    await withImpersonation({}, async initiate => {
      for (const target of ['HTTP/shut.corp.test', 'HTTP/devops.corp.test'])
        await assert.rejects(initiate('alice', target), { code: 'delegation-refused', operation: 'initiate' }, target)
    })
  })

  it('takes nobody there for an account that the server does not name', async () => {
    const others = { principal: 'svc-proxy@CORP.TEST', keytabFile: kdc.keytabs.proxy }
    await withImpersonation(others, async initiate => {
      assert((await initiate('alice', 'HTTP/devops.corp.test')).length > 500, 'by its own list it may')
      await assert.rejects(initiate('alice'), { code: 'delegation-refused', operation: 'initiate' })
    })
  })

  it('takes no sensitive account there, and none of Protected Users', async () => {
    await withImpersonation({}, async initiate => {
      for (const name of ['sensitive1', 'protected1'])
        await assert.rejects(initiate(name), { code: 'delegation-refused' }, name)
    })
  })

  it('is what the request asks for: without PA-PAC-OPTIONS the KDC refuses', async () => {
    const keytab = new KeytabFile(keytabOf('svc-gate'))
    const name = nameOf('svc-gate', NAME_TYPE.principal)
    const tgt = await client.signIn(
      name,
      async () => keytab.keysOf('svc-gate@CORP.TEST')[0]?.key.copy() ?? assert.fail(),
    )
    const evidence = await client.s4u2self(tgt, nameOf('alice', NAME_TYPE.principal))
    const service = nameOf(TFS, NAME_TYPE.serviceInstance)
    assert.deepEqual((await client.s4u2proxy(tgt, evidence, service)).client.components, ['alice'])
    const options = KDC_OPTION.forwardable | KDC_OPTION.clientInAdditionalTicket
    const asked = { service, options, additionalTicket: evidence.ticket.octets }
    const plain = createTicketGranting(pools, 'CORP.TEST', system.now).ask(tgt, asked)
    await assert.rejects(plain, { errorCode: 13 })
  })
})
