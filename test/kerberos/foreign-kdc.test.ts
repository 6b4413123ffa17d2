import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import { createAcceptor } from '../../src/kerberos/acceptor.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { acquireWithPassword } from '../../src/kerberos/credentials.ts'
import { openHandles } from '../../src/kerberos/handle.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { type Gssapi, isAvailable, loadGssapi } from '../../src/kerberos/library.ts'
import { createLocalLane } from '../../src/kerberos/local-lane.ts'
import { createPasswordVerifier } from '../../src/kerberos/password.ts'
import { system } from '../../src/system.ts'
import { directory, principal, proxyService } from './kerberos-lab.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'

// libgssapi of this process knows the impostor as the KDC of CORP.TEST; our keytab is the real directory's.
let directoryKdc: SambaKdc
let impostor: MitKdc
let gssapi: Gssapi

before(async () => {
  directoryKdc = await startSambaKdc()
  impostor = await startMitKdc({
    realm: 'CORP.TEST',
    users: { alice: 'chosen-by-the-attacker' },
    services: ['HTTP/proxy.corp.test'],
  })
  const loaded = loadGssapi({ environment: system.environment, krb5ConfigFile: impostor.krb5Config })
  assert(isAvailable(loaded))
  gssapi = loaded
})
after(async () => {
  await impostor?.close()
  await directoryKdc?.close()
  assert.deepEqual(openHandles(), { name: 0, credential: 0, context: 0 })
})

const verifierWith = (keytabFile: string) =>
  createPasswordVerifier({ gssapi, gate: createKdcGate(system), keytabFile, servicePrincipal: proxyService, directory })

describe('a KDC that is not our directory', () => {
  it('cannot confirm a password, although it says yes', async () => {
    using verifier = await verifierWith(directoryKdc.keytabs.proxy)
    const outcomes: string[] = []
    const attempt = verifier.verify(principal('alice'), 'chosen-by-the-attacker', outcome => outcomes.push(outcome))
    await assert.rejects(attempt, { code: 'kdc-not-genuine' })
    assert.deepEqual(outcomes, ['undecided'])
  })

  it('is refused for that reason alone: with its own keytab the same password is right', async () => {
    using verifier = await verifierWith(impostor.keytab)
    await verifier.verify(principal('alice'), 'chosen-by-the-attacker')
    await assert.rejects(verifier.verify(principal('alice'), 'another'), { code: 'password-wrong' })
  })

  it('makes tickets our acceptor refuses', async () => {
    const acquired = await acquireWithPassword(gssapi, 'alice@CORP.TEST', Buffer.from('chosen-by-the-attacker'))
    using credential = acquired.credential
    const { token } = await initiateContext(gssapi, credential, proxyService)
    const options = { gssapi, lane: createLocalLane(), servicePrincipal: proxyService, directory }
    using acceptor = await createAcceptor({ ...options, keytabFile: directoryKdc.keytabs.proxy })
    await assert.rejects(acceptor.accept(token), { code: 'wrong-service-key' })
  })
})

describe('an account of another realm', () => {
  it('is refused, although our keytab opens its ticket', async () => {
    const acquired = await acquireWithPassword(gssapi, 'alice@CORP.TEST', Buffer.from('chosen-by-the-attacker'))
    using credential = acquired.credential
    const { token } = await initiateContext(gssapi, credential, proxyService)
    const ours = { realm: 'OTHER.TEST' }
    const options = { gssapi, lane: createLocalLane(), servicePrincipal: proxyService, keytabFile: impostor.keytab }
    using acceptor = await createAcceptor({
      ...options,
      directory: ours,
      replayCacheFile: `${impostor.keytab}.rcache`,
    })
    await assert.rejects(acceptor.accept(token), { code: 'foreign-realm' })
  })
})

describe('a KDC that is not our directory and knows it', () => {
  it('cannot confirm a password by refusing the ticket for our service', async () => {
    await impostor.kadmin('delprinc -force HTTP/proxy.corp.test')
    using verifier = await verifierWith(directoryKdc.keytabs.proxy)
    const attempt = verifier.verify(principal('alice'), 'chosen-by-the-attacker')
    await assert.rejects(attempt, { code: 'service-unknown' })
  })
})
