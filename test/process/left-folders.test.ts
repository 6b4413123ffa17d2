/** What a supervisor that was killed leaves among the temporary files is gone after the next start; what lives stays. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { removeLeftFolders } from '../../src/process/left-folders.ts'
import { openRuntimeDirectory } from '../../src/process/runtime-directory.ts'

const skip = process.platform === 'win32' && 'there are named pipes'
let parent: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'torhaus-left-test-'))
})
afterEach(() => rmSync(parent, { recursive: true, force: true }))

/** The number of a process that is over. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  return child.pid ?? 0
}

const LONG_AGO = new Date('2020-01-01')

function folderOf(pid: number, ending: string, mode = 0o700): string {
  const folder = join(parent, `torhaus-${pid}-${ending}`)
  mkdirSync(folder, { mode })
  chmodSync(folder, mode)
  return folder
}

test('a folder whose supervisor is gone goes, also one of an earlier process with our own number', {
  skip,
}, async () => {
  writeFileSync(join(folderOf(await deadPid(), 'aaaaaa'), '0.sock'), '')
  utimesSync(folderOf(process.pid, 'bbbbbb'), LONG_AGO, LONG_AGO)
  const runtime = openRuntimeDirectory({ RUNTIME_DIRECTORY: parent })
  const own = runtime.next()
  await eventually(() => readdirSync(parent).length === 1, 'they are gone')
  assert.equal(join(parent, readdirSync(parent)[0] ?? '', '0.sock'), own)
  runtime.close()
})

test('folders of living processes, of others, and of what is none of ours stay', { skip }, async () => {
  const dead = await deadPid()
  folderOf(process.ppid, 'living')
  const worker = createServer()
  await new Promise<void>(done => worker.listen(join(folderOf(dead, 'worker'), '0.sock'), done))
  const opened = folderOf(dead, 'opened', 0o755)
  mkdirSync(join(parent, 'torhaus-other'))
  const target = folderOf(dead, 'target-of-a-link')
  const link = join(parent, `torhaus-${dead}-linked`)
  symlinkSync(target, link)
  for (const old of [opened, target, link]) lutimesSync(old, LONG_AGO, LONG_AGO)
  const own = folderOf(process.pid, 'itself')
  const before = readdirSync(parent)
  try {
    await removeLeftFolders(parent, own)
    assert.deepEqual(readdirSync(parent), before)
  } finally {
    await new Promise(done => worker.close(done))
  }
})

test('a folder of another container stays while none of its workers listens yet', { skip }, async () => {
  const starting = [await deadPid(), process.pid].map(pid => folderOf(pid, 'starts'))
  const own = folderOf(process.pid, 'itself')
  await removeLeftFolders(parent, own)
  assert.deepEqual(readdirSync(parent).sort(), [...starting, own].map(folder => basename(folder)).sort())
})
