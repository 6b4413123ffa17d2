import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { kinit } from '../../devkit/realm/clients.ts'
import { initiateContext } from '../../src/kerberos/contexts.ts'
import { Handle, openHandles } from '../../src/kerberos/handle.ts'
import { createPrincipalTickets } from '../../src/kerberos/principal-tickets.ts'
import { spnegoMechanism } from '../../src/kerberos/protocol/object-identifiers.ts'
import { devopsService, type KerberosLab, principal, startKerberosLab } from './kerberos-lab.ts'

// Hazard: where the mechanism given to init is not in the credential, the mechglue uses the process's default
// credential without a word.
let lab: KerberosLab
let bobsCache: string

before(async () => {
  // An operator ran kinit and then started the proxy from that shell.
  process.env.KRB5CCNAME = 'FILE:/tmp/of-an-operator'
  process.env.KRB5_CLIENT_KTNAME = '/etc/operator.keytab'
  lab = await startKerberosLab()
  bobsCache = (await kinit(lab.kdc, 'bob')).ccache
})
after(async () => {
  await lab.close()
  assert.deepEqual(openHandles(), { name: 0, credential: 0, context: 0 })
})

/** Alice's, but for SPNEGO alone: what a slip in the choice of mechanisms would make. */
async function mismatchedCredential(): Promise<Handle> {
  const { native } = lab.gssapi
  const aliceCache = (await kinit(lab.kdc, 'alice')).ccache
  const credential: [bigint | null] = [null]
  const store = { count: 1, elements: [{ key: 'ccache', value: aliceCache }] }
  const spnegoOnly = native.oidSet(spnegoMechanism)
  const major = await native.acquireCredFrom([0], 0n, 0xffffffff, spnegoOnly, 1, store, credential, null, [0])
  assert.equal(major, 0)
  assert(credential[0] !== null)
  return new Handle('credential', credential[0], pointer => native.releaseCred([0], [pointer]))
}

describe('the default credential of the process', () => {
  it('is nobody once the library is loaded, whatever the environment said before', () => {
    assert.equal(lab.gssapi.native.getenv('KRB5CCNAME'), 'MEMORY:none')
    assert.equal(lab.gssapi.native.getenv('KRB5_CLIENT_KTNAME'), '/nonexistent')
  })

  it('so leaves a credential that lacks the mechanism without a token', async () => {
    using credential = await mismatchedCredential()
    await assert.rejects(initiateContext(lab.gssapi, credential, devopsService), { name: 'KerberosError' })
  })
})

describe("with bob's tickets as the default credential all the same", () => {
  before(() => {
    process.env.KRB5CCNAME = bobsCache
  })
  after(() => {
    process.env.KRB5CCNAME = 'MEMORY:none'
  })

  it('the library really answers a request for alice as bob: the hazard is no legend', async () => {
    using credential = await mismatchedCredential()
    const { principal: found } = await initiateContext(lab.gssapi, credential, devopsService)
    assert.equal(found, 'bob@CORP.TEST')
  })

  it('no token comes out, the mismatch is counted, and the credential is not used again', async () => {
    const { gssapi, gate, lane } = lab
    let mismatches = 0
    using tickets = createPrincipalTickets({
      gssapi,
      gate,
      lane,
      now: Date.now,
      principal: principal('alice'),
      credential: await mismatchedCredential(),
      isPrincipal: displayed => displayed === 'alice@CORP.TEST',
      onMismatch: () => {
        mismatches++
      },
      targetName: () => assert.fail('there is no second token'),
    })
    await assert.rejects(tickets.token(devopsService), { code: 'identity-mismatch' })
    assert.equal(mismatches, 1)
    await assert.rejects(tickets.token(devopsService), { code: 'credentials-expired' })
    assert.equal(mismatches, 1)
  })

  it('impersonation still acts as the principal it was asked for', async () => {
    const impersonation = lab.impersonation('gssapi')
    assert((await impersonation.initiate(principal('alice'), 'HTTP@devops.corp.test')).length > 500)
    assert.equal(impersonation.counters().identityMismatches, 0)
  })
})
