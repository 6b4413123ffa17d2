/** Sign-ins of our own account with a key that is not the newest, by all workers of a machine. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { madeKeytab } from '../../../devkit/realm/made-keytab.ts'
import { attemptMemory } from '../../../devkit/torhaus/attempt-memory.ts'
import { createKdcClient } from '../../../src/kerberos/kdc/kdc-client.ts'
import type { KdcPool } from '../../../src/kerberos/kdc/kdc-pool.ts'
import { createKdcGate } from '../../../src/kerberos/kdc-gate.ts'
import { KeytabFile } from '../../../src/kerberos/keytab-file.ts'
import { createOwnAttempts } from '../../../src/kerberos/own-attempts.ts'
import { createServiceCredential, type ServiceCredential } from '../../../src/kerberos/service-credential.ts'
import type { AttemptStore } from '../../../src/limits/attempt-store.ts'
import { system } from '../../../src/system.ts'
import { refusal } from '../forged-kdc.ts'

const REALM = 'CORP.TEST'
const principal = `svc-proxy@${REALM}`
const WINDOW_MS = 1_800_000
const place = join(mkdtempSync(join(tmpdir(), 'torhaus-own-attempts-')), 'keytab')
after(() => rmSync(join(place, '..'), { recursive: true }))

/** What a directory counts: it forgets where nothing was wrong for the window. */
class Directory {
  nowMs = Date.UTC(2026, 5, 1)
  asked = 0
  most = 0
  code = 24
  #count = 0
  #lastMs = 0
  readonly pool: KdcPool = {
    ask: async (_request, read) => {
      this.asked++
      this.#count = this.nowMs - this.#lastMs < WINDOW_MS ? this.#count + 1 : 1
      this.#lastMs = this.nowMs
      this.most = Math.max(this.most, this.#count)
      return read(refusal(this.code, this.nowMs))
    },
    states: () => [],
  }

  worker(store: AttemptStore, keytab: KeytabFile): ServiceCredential {
    const now = () => this.nowMs
    const client = createKdcClient({ pools: new Map([[REALM, this.pool]]), realm: REALM, now })
    const attempts = createOwnAttempts(store, { principal, maxFailures: 3, windowMs: WINDOW_MS, now })
    return createServiceCredential({ client, gate: createKdcGate(system), keytab, principal, attempts, now })
  }
}

const refused = (workers: readonly ServiceCredential[]) =>
  Promise.all(workers.map(worker => assert.rejects(worker.current(), { code: 'service-credential-refused' })))

test('no lock comes of a wrong keytab, whatever the number of workers and reloads, and one that is written anew is tried', async () => {
  writeFileSync(place, madeKeytab({ principal }))
  using keytab = new KeytabFile(place)
  const store = attemptMemory()
  const directory = new Directory()
  const reload = () => Array.from({ length: 8 }, () => directory.worker(store, keytab))
  await refused(reload())
  assert.equal(directory.asked, 1)
  for (let minute = 0; minute < 180; minute++) {
    await refused(minute % 20 === 0 ? reload() : [directory.worker(store, keytab)])
    directory.nowMs += 60_000
  }
  assert.equal(directory.most, 3)
  const before = directory.asked
  utimesSync(place, new Date(), new Date(0))
  await refused(reload())
  assert(directory.asked > before)
})

test('a worker that died while it signed in holds up the others for ten seconds', async () => {
  writeFileSync(place, madeKeytab({ principal }))
  using keytab = new KeytabFile(place)
  const store = attemptMemory()
  const [dead, directory] = [new Directory(), new Directory()]
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<never>()]
  dead.pool.ask = () => {
    asked.resolve()
    return answer.promise
  }
  const ended = assert.rejects(dead.worker(store, keytab).current(), /not in this test/)
  await asked.promise
  directory.nowMs += 10_000
  await refused([directory.worker(store, keytab)])
  assert.equal(directory.asked, 1)
  answer.reject(new Error('not in this test'))
  await ended
})

test('why it is not tried is said, with what helps', async () => {
  writeFileSync(place, madeKeytab({ principal }))
  using keytab = new KeytabFile(place)
  const store = attemptMemory()
  const directory = new Directory()
  await refused([directory.worker(store, keytab)])
  await assert.rejects(directory.worker(store, keytab).current(), {
    message: /refused the key of the keytab: not tried for 60 s, or until the keytab is written again/,
  })
})

test('what is no wrong key counts for nothing, and a store that is away keeps nobody from signing in', async () => {
  writeFileSync(place, madeKeytab({ principal }))
  using keytab = new KeytabFile(place)
  const directory = new Directory()
  directory.code = 18
  const store = attemptMemory()
  for (let round = 1; round <= 10; round++) {
    await refused([directory.worker(store, keytab)])
    assert.equal(directory.asked, round)
  }
  const fail = () => Promise.reject(new Error('away'))
  await refused([directory.worker({ ...attemptMemory(), reserve: fail, settle: fail }, keytab)])
  assert.equal(directory.asked, 11)
})
