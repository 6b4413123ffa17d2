/** What goes to the server in the name of an account, which is asked about also where a connection stays authenticated. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kerberosIdentity } from '../../src/identity/kerberos-identity.ts'
import { canonicalPrincipal } from '../../src/kerberos/canonical-principal.ts'
import type { Directory } from '../../src/kerberos/directory.ts'
import { KerberosError, type KerberosErrorCode } from '../../src/kerberos/kerberos-error.ts'

const TARGET = 'HTTP/devops.corp.test'
const names = { realm: 'CORP.TEST' }

function identityOver(says: () => KerberosErrorCode | undefined, authenticatesConnections = true) {
  let tokens = 0
  const directory = {
    resolve: (account: string) => canonicalPrincipal(account, names),
    attest() {
      const code = says()
      return code === undefined ? undefined : Promise.reject(new KerberosError(code, 's4u2self'))
    },
    initiate: () => `token${++tokens}`,
  } as unknown as Directory
  const identity = kerberosIdentity(directory, { targetPrincipal: TARGET, authenticatesConnections })
  return { delegate: async () => identity.delegate('alice'), tokens: () => tokens }
}

test('an account that was disabled is refused also on a connection that is authenticated, with no token made for it', async () => {
  let code: KerberosErrorCode | undefined
  const { delegate, tokens } = identityOver(() => code)
  const delegation = await delegate()
  assert('connectionKey' in delegation)
  assert.equal(delegation.connectionKey, 'principal alice@CORP.TEST')
  assert.equal(tokens(), 0, 'what a connection needs is made once, for the connection')
  assert.deepEqual((await delegation.authenticateConnection?.())?.slice(0, 1), ['Authorization'])
  code = 'client-disabled'
  assert.deepEqual(await delegate(), {
    ...{ kind: 'deny', code: 'delegation-account-disabled' },
    why: 's4u2self: client-disabled',
  })
  code = 'kdc-unreachable'
  await assert.rejects(delegate(), { code: 'kdc-unreachable' })
  assert.equal(tokens(), 1)
})

test('elsewhere each request has a token of its own, which says the same', async () => {
  const { delegate, tokens } = identityOver(() => 'client-disabled', false)
  for (let round = 1; round <= 2; round++) {
    assert('connectionKey' in (await delegate()))
    assert.equal(tokens(), round)
  }
})

test('nothing else that says who asks goes along with a ticket, nor does a connection serve another account', async () => {
  for (const authenticatesConnections of [true, false]) {
    const delegation = await identityOver(() => undefined, authenticatesConnections).delegate()
    assert('connectionKey' in delegation)
    const { keepsAuthorization, keepsCompanions, sharesConnection } = delegation
    assert.deepEqual([keepsAuthorization, keepsCompanions, sharesConnection], [false, false, false])
  }
})
