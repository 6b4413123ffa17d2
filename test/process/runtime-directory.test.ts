/** Where the supervisor asks its workers, on systems with sockets in files. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { isUnresponsive } from '../../src/process/private-request.ts'
import { openRuntimeDirectory } from '../../src/process/runtime-directory.ts'

const skip = process.platform === 'win32' && 'there are named pipes'
const folder = mkdtempSync(join(tmpdir(), 'torhaus-runtime-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const listens = (path: string) =>
  new Promise<boolean>(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ path }, () => server.close(() => resolve(true)))
  })

test('each worker has a socket of its own, in a folder for its owner only that goes with the service', {
  skip,
}, async () => {
  const runtime = openRuntimeDirectory({ RUNTIME_DIRECTORY: folder })
  const [first, second] = [runtime.next(), runtime.next()]
  assert.notEqual(first, second)
  assert.equal(statSync(dirname(first)).mode & 0o777, 0o700)
  assert.ok(await listens(first))
  runtime.close()
  assert.ok(!existsSync(dirname(first)))
})

test('of the folders that a service manager names it is the first, and without a name that of temporary files', {
  skip,
}, () => {
  for (const [named, parent] of [
    [`${folder}:/elsewhere`, folder],
    ['', tmpdir()],
  ] as const) {
    const runtime = openRuntimeDirectory({ RUNTIME_DIRECTORY: named })
    assert.equal(dirname(dirname(runtime.next())), parent)
    runtime.close()
  }
  const missing = { RUNTIME_DIRECTORY: `${join(folder, 'gone')}:${folder}` }
  assert.throws(() => openRuntimeDirectory(missing), /^Error: RUNTIME_DIRECTORY: the folder \S+gone does not exist/)
})

test('a folder whose name no socket can have is refused in words, and nothing is left of it', { skip }, async () => {
  const long = join(folder, 'a'.repeat(100))
  mkdirSync(long)
  assert.equal(await listens(join(long, 'torhaus-123456/0.sock')), false)
  assert.throws(
    () => openRuntimeDirectory({ RUNTIME_DIRECTORY: long }),
    /too long .*: set TMPDIR, or RUNTIME_DIRECTORY/,
  )
  assert.deepEqual(readdirSync(long), [])
})

test('where somebody has cleared the folder of temporary files, a worker that starts has its socket in another one', {
  skip,
}, async () => {
  const runtime = openRuntimeDirectory({ RUNTIME_DIRECTORY: folder })
  const before = dirname(runtime.next())
  rmSync(before, { recursive: true })
  const gone = runtime.next()
  assert.notEqual(dirname(gone), before)
  assert.ok(await listens(gone))
  // The name is anybody's meanwhile.
  rmSync(dirname(gone), { recursive: true })
  mkdirSync(dirname(gone), { mode: 0o777 })
  chmodSync(dirname(gone), 0o777)
  assert.notEqual(dirname(runtime.next()), dirname(gone))
  rmSync(dirname(gone), { recursive: true })
  runtime.close()
})

test('a socket that is not there says nothing of a worker, and one that nobody listens on says that it is gone', {
  skip,
}, async () => {
  const path = join(folder, 'nobody.sock')
  assert.equal(await isUnresponsive(path, 1000), false)
  writeFileSync(path, '')
  assert.equal(await isUnresponsive(path, 1000), true)
})
