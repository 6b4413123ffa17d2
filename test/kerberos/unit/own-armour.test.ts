/** Our own ticket as armour for passwords, where the keytab changes. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forgedKeytab } from '../../../devkit/realm/forged-token.ts'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createPasswordVerifier } from '../../../src/kerberos/password.ts'
import { createServiceCredential } from '../../../src/kerberos/service-credential.ts'
import { system } from '../../../src/system.ts'
import { refusal } from '../forged-kdc.ts'

const names = { realm: 'CORP.TEST' }
const OURS = { principal: 'svc-proxy@CORP.TEST' }
const place = join(mkdtempSync(join(tmpdir(), 'torhaus-own-armour-')), 'keytab')
after(() => rmSync(join(place, '..'), { recursive: true }))

test('it is asked for where the keytab has a key of our account, as it is at that moment', async () => {
  writeFileSync(place, forgedKeytab())
  using keytab = new KeytabFile(place)
  const asked: string[] = []
  const pool: KdcPool = {
    async ask(request, read) {
      asked.push(request.includes(Buffer.from('svc-proxy')) ? 'our own' : 'of alice')
      return read(refusal(6, Date.now()))
    },
    states: () => [],
  }
  const client = createKdcClient({ pools: new Map([[names.realm, pool]]), realm: names.realm, now: system.now })
  const asking = { client, gate: createKdcGate(system), keytab, now: system.now }
  using service = createServiceCredential({ ...asking, ...OURS })
  const verifier = createPasswordVerifier({
    ...{ ...asking, servicePrincipal: 'HTTP/proxy.corp.test@CORP.TEST', directory: names, service },
  })
  const check = () => verifier.verify(canonicalPrincipal('alice', names), 'whatever')
  await assert.rejects(check(), { code: 'client-unknown' })
  writeFileSync(place, Buffer.concat([forgedKeytab(), madeKeytab(OURS).subarray(2)]))
  await assert.rejects(check(), { code: 'service-credential-refused' })
  writeFileSync(place, forgedKeytab())
  await assert.rejects(check(), { code: 'client-unknown' })
  assert.deepEqual(asked, ['of alice', 'our own', 'of alice'])
})
