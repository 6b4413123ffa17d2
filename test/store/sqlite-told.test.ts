import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { openProcess, settled, testTold, writeAll } from './told-contract.ts'

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'torhaus-test-'))
  const file = join(folder, 'store.sqlite')
  const close = async () => rmSync(folder, { recursive: true, force: true })
  return { store: { kind: 'sqlite', sqlite: { file } }, folder, file, close }
}

testTold(open)

test('a file that is put back from a copy counts as it is, also where that blocks a token', async () => {
  await using opened = new AsyncDisposableStack()
  const { store, file, folder, close } = await open()
  opened.defer(close)
  const one = await openProcess(store, opened)
  await writeAll(one)
  const copy = join(folder, 'copy.sqlite')
  const hand = new DatabaseSync(file)
  hand.exec(`UPDATE pat SET is_blocked = 1; VACUUM INTO '${copy}'; UPDATE pat SET is_blocked = 0`)
  hand.close()
  await settled(one)
  assert.equal((await one.state()).isBlocked, false)
  for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true })
  renameSync(copy, file)
  await eventually(async () => (await one.state()).isBlocked === true, 'the copy counts')
})

test('what hands do to tokens, confirmations and grants is told', async () => {
  await using opened = new AsyncDisposableStack()
  const { store, file, close } = await open()
  opened.defer(close)
  const one = await openProcess(store, opened)
  await writeAll(one)
  await settled(one)
  const hand = new DatabaseSync(file)
  hand.exec('UPDATE pat SET is_blocked = 1')
  await eventually(async () => (await one.state()).isBlocked === true, 'blocked')
  hand.exec('UPDATE pat_confirmation SET is_withdrawn = 1')
  await eventually(async () => (await one.state()).isWithdrawn === true, 'withdrawn')
  hand.exec('DELETE FROM pat_confirmation')
  await eventually(async () => (await one.state()).isWithdrawn === undefined, 'nothing is said')
  hand.exec(
    'UPDATE second_factor_grant SET expires_at = 1; UPDATE grant_confirmations SET confirmations = json_array()',
  )
  await eventually(async () => !(await one.state()).hasGrant, 'no grant')
  hand.close()
})
