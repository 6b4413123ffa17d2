import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import type { DirectoryNames } from '../../src/kerberos/canonical-principal.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { acquireWithPassword } from '../../src/kerberos/credentials.ts'
import { openHandles } from '../../src/kerberos/handle.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { type Gssapi, isAvailable, loadGssapi } from '../../src/kerberos/library.ts'
import { createLocalLane } from '../../src/kerberos/local-lane.ts'
import { system } from '../../src/system.ts'
import { IMPLEMENTATIONS, type Implementation, partsOf } from './implementations.ts'
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

const partsWith = (implementation: Implementation, keytabFile: string, names: DirectoryNames = directory) =>
  partsOf(implementation, {
    ...{ gssapi, lane: createLocalLane(), gate: createKdcGate(system), kdc: impostor.kdc },
    ...{ directory: dirname(impostor.keytab), keytabFile, accepts: proxyService, names },
  })

for (const implementation of IMPLEMENTATIONS) {
  describe(implementation, () => {
    describe('a KDC that is not our directory', () => {
      it('cannot confirm a password, although it says yes', async () => {
        using verifier = await partsWith(implementation, directoryKdc.keytabs.proxy).verifier()
        const outcomes: string[] = []
        const attempt = verifier.verify(principal('alice'), 'chosen-by-the-attacker', outcome => outcomes.push(outcome))
        await assert.rejects(attempt, { code: 'kdc-not-genuine' })
        assert.deepEqual(outcomes, ['undecided'])
      })

      it('is refused for that reason alone: with its own keytab the same password is right', async () => {
        using verifier = await partsWith(implementation, impostor.keytab).verifier()
        await verifier.verify(principal('alice'), 'chosen-by-the-attacker')
        await assert.rejects(verifier.verify(principal('alice'), 'another'), { code: 'password-wrong' })
      })

      it('makes tickets our acceptor refuses', async () => {
        const acquired = await acquireWithPassword(gssapi, 'alice@CORP.TEST', Buffer.from('chosen-by-the-attacker'))
        using credential = acquired.credential
        const { token } = await initiateContext(gssapi, credential, proxyService)
        using acceptor = await partsWith(implementation, directoryKdc.keytabs.proxy).acceptor()
        await assert.rejects(acceptor.accept(token), { code: 'wrong-service-key' })
      })
    })

    describe('an account of another realm', () => {
      it('is refused, although our keytab opens its ticket', async () => {
        const acquired = await acquireWithPassword(gssapi, 'alice@CORP.TEST', Buffer.from('chosen-by-the-attacker'))
        using credential = acquired.credential
        const { token } = await initiateContext(gssapi, credential, proxyService)
        using acceptor = await partsWith(implementation, impostor.keytab, { realm: 'OTHER.TEST' }).acceptor()
        await assert.rejects(acceptor.accept(token), { code: 'foreign-realm' })
      })
    })
  })
}

for (const implementation of IMPLEMENTATIONS) {
  describe(implementation, () => {
    before(() => impostor.kadmin('delprinc -force HTTP/proxy.corp.test').catch(() => undefined))

    describe('a KDC that is not our directory and knows it', () => {
      it('cannot confirm a password by refusing the ticket for our service', async () => {
        using verifier = await partsWith(implementation, directoryKdc.keytabs.proxy).verifier()
        const attempt = verifier.verify(principal('alice'), 'chosen-by-the-attacker')
        await assert.rejects(attempt, { code: 'service-unknown' })
      })
    })
  })
}
