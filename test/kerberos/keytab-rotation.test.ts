/**
 * The keytab is read again when it changes: a new key of the service needs no restart, and tickets from before still
 * open.
 */

import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, before, it } from 'node:test'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { acquireWithPassword } from '../../src/kerberos/credentials.ts'
import { openHandles } from '../../src/kerberos/handle.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { type Gssapi, isAvailable, loadGssapi } from '../../src/kerberos/library.ts'
import { createLocalLane } from '../../src/kerberos/local-lane.ts'
import { system } from '../../src/system.ts'
import { IMPLEMENTATIONS, partsOf } from './implementations.ts'
import { directory, proxyService } from './kerberos-lab.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'

const SERVICE = 'HTTP/proxy.corp.test'
let kdc: MitKdc
let gssapi: Gssapi

before(async () => {
  kdc = await startMitKdc({ realm: 'CORP.TEST', users: { alice: 'first-password' }, services: [SERVICE] })
  const loaded = loadGssapi({ environment: system.environment, krb5ConfigFile: kdc.krb5Config })
  assert(isAvailable(loaded))
  gssapi = loaded
})
after(async () => {
  await kdc?.close()
  assert.deepEqual(openHandles(), { name: 0, credential: 0, context: 0 })
})

for (const implementation of IMPLEMENTATIONS) {
  it(`accepts tickets for either key while the keytab has both, and for the new one alone once the old is gone: ${implementation}`, async () => {
    const ground = {
      gssapi,
      lane: createLocalLane(),
      gate: createKdcGate(system),
      kdc: kdc.kdc,
      directory: dirname(kdc.keytab),
    }
    const ours = { keytabFile: kdc.keytab, accepts: proxyService, names: directory }
    using acceptor = await partsOf(implementation, { ...ground, ...ours }).acceptor()
    const signedIn = () => acquireWithPassword(gssapi, 'alice@CORP.TEST', Buffer.from('first-password'))
    // A credential keeps its ticket for the service: each further token is made from the same one.
    using before = (await signedIn()).credential
    const accepts = async (credential: typeof before) => {
      const { token } = await initiateContext(gssapi, credential, proxyService)
      return (await acceptor.accept(token)).principal
    }
    assert.equal(await accepts(before), 'alice@CORP.TEST')
    // A new key, one version higher, added to the keytab.
    await kdc.kadmin(`ktadd -k ${kdc.keytab} ${SERVICE}`)
    using since = (await signedIn()).credential
    assert.equal(await accepts(since), 'alice@CORP.TEST')
    assert.equal(await accepts(before), 'alice@CORP.TEST')
    await kdc.kadmin(`ktremove -k ${kdc.keytab} ${SERVICE} old`)
    assert.equal(await accepts(since), 'alice@CORP.TEST')
    await assert.rejects(accepts(before), { name: 'KerberosError' })
  })
}
