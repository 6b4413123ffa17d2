/** An account without AES keys: its password is older than they are, or it is for RC4 alone. Anybody can name it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { forgedKeytab } from '../../../devkit/realm/forged-token.ts'
import { canonicalPrincipal } from '../../../src/kerberos/canonical-principal.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { passwordCode } from '../../../src/kerberos/kerberos-code.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { LeasedTicket } from '../../../src/kerberos/leased-ticket.ts'
import { createPasswordVerifier } from '../../../src/kerberos/password.ts'
import { field, integer, sequence } from '../../../src/kerberos/protocol/der-writer.ts'
import { EncryptionKey } from '../../../src/kerberos/protocol/encryption-key.ts'
import { PA, writePaData } from '../../../src/kerberos/protocol/kdc-request.ts'
import { NAME_TYPE, nameOf } from '../../../src/kerberos/protocol/principal-name.ts'
import type { ServiceCredential } from '../../../src/kerberos/service-credential.ts'
import { system } from '../../../src/system.ts'
import { asReply, refusal } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const nowMs = Math.floor(Date.now() / 1000) * 1000
const key = new EncryptionKey(18, Buffer.alloc(32, 3))
const folder = mkdtempSync(join(tmpdir(), 'torhaus-no-aes-'))
after(() => rmSync(folder, { recursive: true }))

/** What MIT's KDC and Samba say of it: that a proof is wanted, by a key of RC4 or by none. */
const RC4 = sequence(sequence(field(0, integer(23))))
const wanted = (padata: Parameters<typeof writePaData>[0]) => refusal(25, nowMs, writePaData(padata))

for (const [says, answer] of [
  ['RC4 alone', wanted([{ type: PA.etypeInfo2, value: RC4 }])],
  ['no key', wanted([{ type: PA.fast, value: Buffer.alloc(0) }])],
] as const)
  test(`is refused as one that is disabled (${says}): no circuit opens for it, and our own ticket stays`, async () => {
    writeFileSync(join(folder, 'keytab'), forgedKeytab())
    using keytab = new KeytabFile(join(folder, 'keytab'))
    let reply: (request: Buffer) => Buffer = request => asReply(request, { key, sessionKey: key, nowMs })
    const pool: KdcPool = { ask: async (request, read) => read(reply(request)), states: () => [] }
    const client = createKdcClient({ pools: new Map([[REALM, pool]]), realm: REALM, now: () => nowMs })
    const own = new LeasedTicket(await client.signIn(nameOf('svc-proxy', NAME_TYPE.principal), async () => key.copy()))
    let dropped = 0
    const service = {
      ...{ current: async () => own, held: () => own, hasKey: () => true },
      invalidate: () => dropped++,
    } as unknown as ServiceCredential
    const gate = createKdcGate({ ...system, failureThreshold: 3 })
    const verifier = createPasswordVerifier({
      ...{ client, gate, keytab, service, servicePrincipal: `HTTP/proxy.corp.test@${REALM}` },
      directory: { realm: REALM },
    })
    reply = () => answer
    const old = canonicalPrincipal('old', { realm: REALM })
    for (let round = 0; round < 4; round++) {
      const outcomes: string[] = []
      const error = await verifier
        .verify(old, 'whatever', outcome => outcomes.push(outcome))
        .catch((reason: unknown) => reason)
      assert.deepEqual(outcomes, ['client-disabled'], 'counted against the address')
      assert.equal(passwordCode(error), 'password-wrong', 'nobody is told that it exists')
    }
    assert.deepEqual([gate.state(), gate.counters().failed, dropped], ['closed', 0, 0])
  })
