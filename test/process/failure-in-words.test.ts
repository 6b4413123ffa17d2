/** What the system is short of is named with its remedy, and never as a code alone. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import { endInWords, failureInWords, shortage } from '../../src/process/failure-in-words.ts'

const failed = (code: string, cause?: Error) => Object.assign(new Error(`spawn node ${code}`, { cause }), { code })

test('descriptors, processes and memory that the system does not give are named with the limit to raise', () => {
  assert.match(failureInWords(failed('EMFILE')), /^no file descriptor is free \(EMFILE\): raise .*LimitNOFILE=65536/)
  assert.match(failureInWords(failed('ENFILE')), /\(ENFILE\): raise fs\.file-max/)
  assert.match(failureInWords(failed('EAGAIN')), /\(EAGAIN\): raise TasksMax of the unit, --pids-limit/)
  assert.match(failureInWords(failed('ENOMEM')), /\(ENOMEM\): raise MemoryMax of the unit/)
  assert.match(failureInWords(new Error('no store', { cause: failed('EMFILE') })), /LimitNOFILE/)
  assert.equal(shortage(failed('ENOENT')), undefined)
  assert.equal(failureInWords(failed('ENOENT')), 'spawn node ENOENT')
})

test('a worker that Node aborts before it listens has mostly got no thread; later that says nothing', () => {
  assert.match(endInWords('SIGABRT', null, false), /^ended with SIGABRT while it started, .*TasksMax.*MemoryMax/)
  assert.equal(endInWords('SIGABRT', null, true), 'ended with SIGABRT')
  assert.equal(endInWords(null, 1, false), 'ended with exit code 1')
})

test('a start below a small limit of descriptors says so in its log and in its last line', {
  skip: process.platform !== 'linux',
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-short-'))
  const [port, adminPort] = await freePorts()
  const setting = { upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', clientSecret: 'x', directory }
  try {
    const file = await writeTorhausConfig({ ...setting, port, adminPort }, config => ({
      ...config,
      listener: { ...config.listener, workers: 12 },
    }))
    const args = ['-c', 'ulimit -n 30; exec "$0" "$@"', process.execPath, torhausCommand, 'start', '--config', file]
    const { promise, resolve } = Promise.withResolvers<{ out: string; error: string }>()
    execFile('sh', args, { timeout: 180_000 }, (_, out, error) => resolve({ out, error }))
    const { out, error } = await promise
    assert.match(
      error,
      /^Torhaus cannot start: no file descriptor is free \(EMFILE\): raise the limit, LimitNOFILE[^\n]*\n$/,
    )
    assert.match(out, /"error\.message":"could not be started: no file descriptor is free \(EMFILE\)/)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
