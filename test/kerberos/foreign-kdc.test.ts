import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Credential } from '../../devkit/gssapi/initiator.ts'
import { useKrb5Config } from '../../devkit/gssapi/library.ts'
import { type SambaKdc, startSambaKdc } from '../../devkit/realm/samba-kdc.ts'
import type { DirectoryNames } from '../../src/kerberos/canonical-principal.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { system } from '../../src/system.ts'
import { directory, principal, proxyService } from './kerberos-lab.ts'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'
import { partsOf } from './parts.ts'

// libgssapi of this process knows the impostor as the KDC of CORP.TEST; our keytab is the real directory's.
let directoryKdc: SambaKdc
let impostor: MitKdc

before(async () => {
  directoryKdc = await startSambaKdc()
  impostor = await startMitKdc({
    realm: 'CORP.TEST',
    users: { alice: 'chosen-by-the-attacker' },
    services: ['HTTP/proxy.corp.test'],
  })
  useKrb5Config(impostor.krb5Config)
})
after(async () => {
  await impostor?.close()
  await directoryKdc?.close()
})

const partsWith = (keytabFile: string, names: DirectoryNames = directory) =>
  partsOf({
    ...{ gate: createKdcGate(system), kdc: impostor.kdc, directory: dirname(impostor.keytab) },
    ...{ keytabFile, accepts: proxyService, names },
  })

/** The impostor's alice. */
async function token(): Promise<Buffer> {
  using credential = await Credential.byPassword('alice@CORP.TEST', 'chosen-by-the-attacker')
  return await credential.token(proxyService)
}

describe('a KDC that is not our directory', () => {
  it('cannot confirm a password, although it says yes', async () => {
    const verifier = await partsWith(directoryKdc.keytabs.proxy).verifier()
    const outcomes: string[] = []
    const attempt = verifier.verify(principal('alice'), 'chosen-by-the-attacker', outcome => outcomes.push(outcome))
    await assert.rejects(attempt, { code: 'kdc-not-genuine' })
    assert.deepEqual(outcomes, ['undecided'])
  })

  it('is refused for that reason alone: with its own keytab the same password is right', async () => {
    const verifier = await partsWith(impostor.keytab).verifier()
    await verifier.verify(principal('alice'), 'chosen-by-the-attacker')
    await assert.rejects(verifier.verify(principal('alice'), 'another'), { code: 'password-wrong' })
  })

  it('makes tickets our acceptor refuses', async () => {
    using acceptor = partsWith(directoryKdc.keytabs.proxy).acceptor()
    await assert.rejects(acceptor.accept(await token()), { code: 'wrong-service-key' })
  })
})

describe('an account of another realm', () => {
  it('is refused, although our keytab opens its ticket', async () => {
    using acceptor = partsWith(impostor.keytab, { realm: 'OTHER.TEST' }).acceptor()
    await assert.rejects(acceptor.accept(await token()), { code: 'foreign-realm' })
  })
})

describe('a KDC that is not our directory and knows it', () => {
  before(() => impostor.kadmin('delprinc -force HTTP/proxy.corp.test'))

  it('cannot confirm a password by refusing the ticket for our service', async () => {
    const verifier = await partsWith(directoryKdc.keytabs.proxy).verifier()
    const attempt = verifier.verify(principal('alice'), 'chosen-by-the-attacker')
    await assert.rejects(attempt, { code: 'service-credential-refused' })
  })
})
