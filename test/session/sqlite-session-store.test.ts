import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { SessionDatabase } from '../../devkit/torhaus/session-database.ts'
import { testHandOvers } from './hand-over-contract.ts'
import { type OpenStores, sampleSession, sampleSignIn, testStoreContract } from './store-contract.ts'

async function open(): Promise<
  OpenStores & { readonly stores: readonly [SessionDatabase, SessionDatabase]; readonly directory: string }
> {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-store-'))
  const file = join(directory, 'sessions.sqlite')
  const stores = [SessionDatabase.open(file), SessionDatabase.open(file)] as const
  return {
    stores,
    directory,
    async close() {
      for (const store of stores) store.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

testStoreContract(open, { sweeps: true })
testHandOvers(open, 10_000)

test('the database and its log are for their owner only', async () => {
  const opened = await open()
  try {
    opened.stores[0].createSession(sampleSession())
    const names = await readdir(opened.directory)
    assert.ok(names.includes('sessions.sqlite-wal'))
    for (const name of names) assert.equal((await stat(join(opened.directory, name))).mode & 0o077, 0, name)
  } finally {
    await opened.close()
  }
})

/** Takes each of the sign-ins as soon as the others do, and says which it got. */
const TAKER = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.module).then(async ({ SessionDatabase }) => {
  const store = SessionDatabase.open(workerData.file)
  const gate = new Int32Array(workerData.gate)
  Atomics.add(gate, 0, 1)
  Atomics.notify(gate, 0)
  while (Atomics.load(gate, 0) < 2) Atomics.wait(gate, 0, 1, 1000)
  const got = []
  for (const state of workerData.states) if ((await store.takeSignIn(state)) !== undefined) got.push(state)
  store.close()
  parentPort.postMessage(got)
})`

test('two threads that take the same 200 sign-ins at the same time share them without a double', async () => {
  const opened = await open()
  try {
    const states = Array.from({ length: 200 }, (_, number) => `state-${number}`)
    for (const state of states) opened.stores[0].addSignIn(sampleSignIn({ state }), 1000)
    const gate = new SharedArrayBuffer(4)
    const module = import.meta.resolve('../../devkit/torhaus/session-database.ts')
    const workerData = { module, file: join(opened.directory, 'sessions.sqlite'), gate, states }
    const takers = [0, 1].map(() => new Worker(TAKER, { eval: true, workerData }))
    const got = await Promise.all(
      takers.map(
        taker => new Promise<string[]>((resolve, reject) => taker.once('message', resolve).once('error', reject)),
      ),
    )
    assert.deepEqual(got.flat().sort(), states.sort())
  } finally {
    await opened.close()
  }
})

test('a file from before sessions had an account key is used on: its sessions end, and new ones are found', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-store-'))
  const file = join(directory, 'sessions.sqlite')
  const before = new DatabaseSync(file)
  before.exec(`
    CREATE TABLE session (
      key TEXT PRIMARY KEY, subject TEXT NOT NULL, op_session_id TEXT, account TEXT NOT NULL, evidence TEXT NOT NULL,
      created_at INTEGER NOT NULL, last_seen_at INTEGER NOT NULL, refreshed_at INTEGER NOT NULL,
      refresh_lease INTEGER NOT NULL DEFAULT 0, sealed_tokens TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX session_by_account ON session (account);
    INSERT INTO session VALUES ('old', 's', NULL, 'ada', '{}', 1, 1, 1, 0, NULL)`)
  before.close()
  const stores = [SessionDatabase.open(file), SessionDatabase.open(file)] as const
  try {
    assert.equal(stores[0].readSession('old'), undefined)
    stores[0].createSession(sampleSession())
    // Whoever opens it next leaves alone what is there.
    const third = SessionDatabase.open(file)
    assert.deepEqual(third.sessionsOf({ accountKey: sampleSession().accountKey }), [sampleSession()])
    third.close()
  } finally {
    for (const store of stores) store.close()
    await rm(directory, { recursive: true, force: true })
  }
})

test('a database that cannot be written is a fault with a code of its own', async () => {
  const opened = await open()
  const [store] = opened.stores
  store.close()
  try {
    assert.throws(() => store.createSession(sampleSession()), { code: 'store-unavailable' })
    assert.throws(() => store.readSession('key-1'), { code: 'store-unavailable' })
  } finally {
    opened.stores[1].close()
    await rm(opened.directory, { recursive: true, force: true })
  }
})
