/** Whether our realm names accounts is asked of its KDC: once, for tickets without PAC alone, and not without end while it is away. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, it } from 'node:test'
import { forgedKeytab } from '../../../devkit/realm/forged-token.ts'
import type { KdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import { KdcUnreachable } from '../../../src/kerberos/kdc/kdc-exchange.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createLearnNaming } from '../../../src/kerberos/learn-naming.ts'
import type { ServiceCredential } from '../../../src/kerberos/service-credential.ts'
import { system } from '../../../src/system.ts'

const REALM = 'CORP.TEST'
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'torhaus-naming-'))
  writeFileSync(join(directory, 'keytab'), forgedKeytab())
})
afterEach(() => rmSync(directory, { recursive: true }))

/** A KDC that is away; `asked` counts. */
function away(hasKey = true) {
  const clock = { nowMs: 0, asked: 0 }
  const naming = new Set<string>()
  const service = {
    hasKey: () => hasKey,
    current: async () => {
      clock.asked++
      throw new KdcUnreachable('timeout', 'silent')
    },
  }
  const learn = createLearnNaming({
    ...{ client: {} as KdcClient, service: service as unknown as ServiceCredential, gate: createKdcGate(system) },
    ...{ keytab: new KeytabFile(join(directory, 'keytab')), accept: `HTTP/proxy.corp.test@${REALM}` },
    ...{ realm: REALM, naming, monotonic: () => clock.nowMs },
  })
  return { clock, naming, learn }
}

it('a KDC that is away is asked by one for all, and again after half a minute', async () => {
  const { clock, naming, learn } = away()
  await Promise.all([learn(REALM), learn(REALM), learn(REALM)])
  assert.equal(clock.asked, 1)
  clock.nowMs = 29_999
  assert.equal(learn(REALM), undefined)
  clock.nowMs = 30_000
  await learn(REALM)
  assert.deepEqual([clock.asked, naming.size], [2, 0])
})

it('nobody is asked about another realm, or where our account has no key', () => {
  const [{ clock, learn }, keyless] = [away(), away(false)]
  assert.equal(learn('PARTNER.TEST'), undefined)
  assert.equal(keyless.learn(REALM), undefined)
  assert.deepEqual([clock.asked, keyless.clock.asked], [0, 0])
})
