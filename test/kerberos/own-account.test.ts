/** Our own account at the directory, as the workers of one machine sign in to it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseKdc } from '../../config/kdc-address.ts'
import { attemptMemory } from '../../devkit/torhaus/attempt-memory.ts'
import { createKdcClient } from '../../src/kerberos/kdc/kdc-client.ts'
import { configuredKdcs } from '../../src/kerberos/kdc/kdc-locator.ts'
import { createKdcPool } from '../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../src/kerberos/keytab-file.ts'
import { createOwnAttempts } from '../../src/kerberos/own-attempts.ts'
import { createServiceCredential } from '../../src/kerberos/service-credential.ts'
import { system } from '../../src/system.ts'
import { type KerberosLab, startKerberosLab } from './kerberos-lab.ts'
import { codeOf } from './outcome.ts'

const WORKERS = 8
const ACCOUNT = 'svc-own'
const principal = `${ACCOUNT}@CORP.TEST`

let lab: KerberosLab
before(async () => {
  lab = await startKerberosLab()
  // Without one nothing is counted.
  await lab.kdc.sambaTool('domain', 'passwordsettings', 'set', '--account-lockout-threshold=20')
  await lab.kdc.addAccounts([{ name: ACCOUNT, password: 'First-Passw0rd' }])
})
after(() => lab.close())

/** How their sign-ins end, all at once. */
async function signIns(keytabFile: string): Promise<readonly string[]> {
  const attempts = createOwnAttempts(attemptMemory(), {
    ...{ principal, maxFailures: 3, windowMs: 1_800_000, now: system.now },
  })
  const locator = configuredKdcs([parseKdc(lab.kdc.kdc) ?? assert.fail()])
  using opened = new DisposableStack()
  const workers = Array.from({ length: WORKERS }, () => {
    const pool = createKdcPool({ locator, timeoutMs: 5_000, monotonic: system.monotonic })
    const client = createKdcClient({ pools: new Map([['CORP.TEST', pool]]), realm: 'CORP.TEST', now: system.now })
    const keytab = opened.use(new KeytabFile(keytabFile))
    const asking = { client, gate: createKdcGate(system), keytab, principal, attempts, now: system.now }
    return opened.use(createServiceCredential(asking))
  })
  return await Promise.all(workers.map(worker => codeOf(worker.current())))
}

test('all workers sign in at once; with a key that is not the newest one of them tries, and the others do not', async () => {
  const keytabFile = `${lab.kdc.directory}/own.keytab`
  await lab.kdc.sambaTool('domain', 'exportkeytab', keytabFile, `--principal=${ACCOUNT}`)
  assert.deepEqual(
    await signIns(keytabFile),
    Array.from({ length: WORKERS }, () => 'done'),
  )
  for (const password of ['Another-Passw0rd', 'Third-Passw0rd', 'Fourth-Passw0rd'])
    await lab.kdc.sambaTool('user', 'setpassword', ACCOUNT, `--newpassword=${password}`)
  assert.deepEqual(
    await signIns(keytabFile),
    Array.from({ length: WORKERS }, () => 'service-credential-refused'),
  )
  const shown = await lab.kdc.sambaTool('user', 'show', ACCOUNT, '--attributes=badPwdCount')
  assert.equal(/badPwdCount: (\d+)/.exec(shown)?.[1], '1')
})
