/** What cannot be a password, whoever would say that it is: an empty one is an anonymous sign-in to some directories. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import type { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createPasswordVerifier } from '../../../src/kerberos/password.ts'
import { system } from '../../../src/system.ts'
import { refusal } from '../forged-kdc.ts'

const directory = { realm: 'CORP.TEST' }
const MOST_BYTES = 1024

test('no KDC is asked about one that is empty, has a NUL or more octets than any directory keeps', async () => {
  let asked = 0
  const pool: KdcPool = {
    async ask(_, read) {
      asked++
      return read(refusal(6, Date.now()))
    },
    states: () => [],
  }
  const client = createKdcClient({ ...directory, pools: new Map([[directory.realm, pool]]), now: system.now })
  const verifier = createPasswordVerifier({
    ...{ client, directory, gate: createKdcGate(system), servicePrincipal: 'HTTP/proxy.corp.test@CORP.TEST' },
    keytab: {} as unknown as KeytabFile,
  })
  const outcomeOf = async (password: string) => {
    const outcomes: string[] = []
    const verified = verifier.verify(canonicalPrincipal('alice', directory), password, outcome =>
      outcomes.push(outcome),
    )
    const code = await verified.catch((error: { readonly code: string }) => error.code)
    return [code, ...outcomes]
  }
  for (const password of ['', '\0', 'a\0b', 'x'.repeat(MOST_BYTES + 1), 'ä'.repeat(MOST_BYTES / 2 + 1)])
    assert.deepEqual(await outcomeOf(password), ['password-wrong', 'undecided'])
  assert.equal(asked, 0)
  for (const password of ['x', 'x'.repeat(MOST_BYTES)])
    assert.deepEqual(await outcomeOf(password), ['client-unknown', 'client-unknown'])
  assert.equal(asked, 2)
})
