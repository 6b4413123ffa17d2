/**
 * The keytab is read again when it changes: a new key of the service needs no restart, and tickets from before still
 * open.
 */

import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, before, it } from 'node:test'
import { Credential } from '../../devkit/gssapi/initiator.ts'
import { useKrb5Config } from '../../devkit/gssapi/library.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { system } from '../../src/system.ts'
import { directory, proxyService } from './kerberos-lab.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'
import { partsOf } from './parts.ts'

const SERVICE = 'HTTP/proxy.corp.test'
let kdc: MitKdc

before(async () => {
  kdc = await startMitKdc({ realm: 'CORP.TEST', users: { alice: 'first-password' }, services: [SERVICE] })
  useKrb5Config(kdc.krb5Config)
})
after(() => kdc?.close())

it('accepts tickets for either key while the keytab has both, and for the new one alone once the old is gone', async () => {
  using acceptor = partsOf({
    ...{ gate: createKdcGate(system), kdc: kdc.kdc, directory: dirname(kdc.keytab) },
    ...{ keytabFile: kdc.keytab, accepts: proxyService, names: directory },
  }).acceptor()
  const signedIn = () => Credential.byPassword('alice@CORP.TEST', 'first-password')
  // A credential keeps its ticket for the service: each further token is made from the same one.
  using before = await signedIn()
  const accepts = async (credential: Credential) =>
    (await acceptor.accept(await credential.token(proxyService))).principal
  assert.equal(await accepts(before), 'alice@CORP.TEST')
  // A new key, one version higher, added to the keytab.
  await kdc.kadmin(`ktadd -k ${kdc.keytab} ${SERVICE}`)
  using since = await signedIn()
  assert.equal(await accepts(since), 'alice@CORP.TEST')
  assert.equal(await accepts(before), 'alice@CORP.TEST')
  await kdc.kadmin(`ktremove -k ${kdc.keytab} ${SERVICE} old`)
  assert.equal(await accepts(since), 'alice@CORP.TEST')
  await assert.rejects(accepts(before), { name: 'KerberosError' })
})
