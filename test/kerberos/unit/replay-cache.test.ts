/** Who has seen a token: this worker, another, or one that has ended since. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { createReplayCache, type ReplayCache } from '../../../src/kerberos/replay-cache.ts'

const SKEW_MS = 300_000
let directory: string
let nowMs = Date.UTC(2026, 0, 1)

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'torhaus-replay-')), 'cache')
})
afterEach(() => rmSync(join(directory, '..'), { recursive: true }))

const open = (place = directory): ReplayCache =>
  createReplayCache({ directory: place, skewMs: SKEW_MS, now: () => nowMs })
const replay = { code: 'replay' }

describe('a token', () => {
  it('passes once, whichever worker sees it first', () => {
    using one = open()
    using other = open()
    for (let round = 0; round < 3_000; round++) {
      const token = randomBytes(40)
      const [first, second] = round % 2 === 0 ? [one, other] : [other, one]
      first.check(token, nowMs)
      assert.throws(() => second.check(token, nowMs), replay)
      assert.throws(() => first.check(token, nowMs), replay)
    }
  })

  it('is remembered over a restart', () => {
    const token = randomBytes(40)
    {
      using before = open()
      before.check(token, nowMs)
    }
    using after = open()
    assert.throws(() => after.check(token, nowMs), replay)
  })

  it('of a clock five minutes ahead is remembered until it is five minutes old', () => {
    const token = randomBytes(40)
    const timeMs = nowMs + SKEW_MS
    using cache = open()
    cache.check(token, timeMs)
    nowMs = timeMs + SKEW_MS
    cache.check(randomBytes(40), nowMs)
    assert.throws(() => cache.check(token, timeMs), replay)
  })

  it('shown to four processes at once passes in one of them (pitfall 3)', async () => {
    const programs = Array.from({ length: 4 }, () => fork(join(import.meta.dirname, 'replay-worker.ts'), [directory]))
    const ended = programs.map(async program => {
      let passed: number[] = []
      program.on('message', message => {
        passed = message as number[]
      })
      await once(program, 'close')
      return passed
    })
    const passed = (await Promise.all(ended)).flat()
    assert.deepEqual(
      passed.sort((a, b) => a - b),
      Array.from({ length: 2_000 }, (_, index) => index),
    )
  })
})

describe('the files', () => {
  it('go when all in them is too old to be shown again', () => {
    using cache = open()
    for (let step = 0; step < 12; step++) {
      cache.check(randomBytes(40), nowMs)
      assert(readdirSync(directory).length <= 3)
      nowMs += SKEW_MS
    }
  })

  it('survive a writer that died in the middle of a record', () => {
    const token = randomBytes(40)
    using cache = open()
    cache.check(token, nowMs)
    cache.check(randomBytes(40), nowMs)
    const [name = ''] = readdirSync(directory)
    truncateSync(join(directory, name), 24 + 10)
    // Its own reader finds no whole record, which lets nobody in, and opens the file anew.
    assert.throws(() => cache.check(randomBytes(40), nowMs), { code: 'internal' })
    for (const reader of [cache, open()]) {
      assert.throws(() => reader.check(token, nowMs), replay)
      reader.check(randomBytes(40), nowMs)
    }
  })

  it('are not kept where others can write', () => {
    using _cache = open()
    chmodSync(directory, 0o777)
    assert.throws(() => open(), /only this account/)
    chmodSync(directory, 0o700)
    symlinkSync(directory, `${directory}-link`)
    assert.throws(() => open(`${directory}-link`), /only this account/)
  })
})
