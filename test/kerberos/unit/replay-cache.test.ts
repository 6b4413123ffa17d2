/** Who has seen a token: this worker, another, or one that has ended since. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { eventually } from '../../../devkit/torhaus/eventually.ts'
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
  it('passes once, whichever worker sees it first', async () => {
    using one = open()
    using other = open()
    for (let round = 0; round < 3_000; round++) {
      const token = randomBytes(40)
      const [first, second] = round % 2 === 0 ? [one, other] : [other, one]
      await first.check(token, nowMs)
      await assert.rejects(second.check(token, nowMs), replay)
      await assert.rejects(first.check(token, nowMs), replay)
    }
  })

  it('passes once when many come in one turn, each of them twice, at two workers', async () => {
    using one = open()
    using other = open()
    const tokens = Array.from({ length: 300 }, (_, index) => Buffer.from(`token ${index % 150}`))
    const asked = tokens.flatMap(token => [one.check(token, nowMs), other.check(token, nowMs)])
    const outcomes = await Promise.allSettled(asked)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 150)
    for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'replay')
  })

  it('that waits for the end of the turn is answered when the cache is closed', async () => {
    const cache = open()
    const asked = [cache.check(randomBytes(40), nowMs), cache.check(randomBytes(40), nowMs)]
    cache[Symbol.dispose]()
    await Promise.all(asked)
  })

  it('is remembered over a restart', async () => {
    const token = randomBytes(40)
    {
      using before = open()
      await before.check(token, nowMs)
    }
    using after = open()
    await assert.rejects(after.check(token, nowMs), replay)
  })

  it('of a clock five minutes ahead is remembered until it is five minutes old', async () => {
    const token = randomBytes(40)
    const timeMs = nowMs + SKEW_MS
    using cache = open()
    await cache.check(token, timeMs)
    nowMs = timeMs + SKEW_MS
    await cache.check(randomBytes(40), nowMs)
    await assert.rejects(cache.check(token, timeMs), replay)
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
  it('are read in pieces, so that others have their turns meanwhile', async () => {
    using _makesDirectory = open()
    const name = `replay-${Math.floor(nowMs / 300_000)}`
    const [records, inOneTurn] = [100_000, 512]
    writeFileSync(join(directory, name), randomBytes(24 * records), { mode: 0o600 })
    using cache = open()
    let isAnswered = false
    const token = randomBytes(40)
    const answered = cache.check(token, nowMs).then(() => {
      isAnswered = true
    })
    let turns = 0
    for (; !isAnswered; turns++) await setImmediate()
    await answered
    assert(turns >= records / inOneTurn, `${turns} turns`)
    // What came meanwhile is known, too, and nothing is read again.
    await assert.rejects(cache.check(token, nowMs), replay)
  })

  it('are read in smaller pieces where the whole table grows at once', async () => {
    using _makesDirectory = open()
    // Each part of the table gets as many, one after the other.
    const [parts, each] = [256, 1_200]
    const records = randomBytes(24 * parts * each)
    for (let index = 0; index < parts * each; index++) records[24 * index + 8] = index % parts
    writeFileSync(join(directory, `replay-${Math.floor(nowMs / 300_000)}`), records, { mode: 0o600 })
    using cache = open()
    let isAnswered = false
    const answered = cache.check(randomBytes(40), nowMs).then(() => {
      isAnswered = true
    })
    let turns = 0
    for (; !isAnswered; turns++) await setImmediate()
    await answered
    // As a part grows from 1,024 on, and half of that, 4 of them are moved in a turn, or 8.
    assert(turns >= (parts * each) / 512 + parts / 4 + parts / 8 - 10, `${turns} turns`)
  })

  it('go when all in them is too old to be shown again', async () => {
    using cache = open()
    for (let step = 0; step < 12; step++) {
      await cache.check(randomBytes(40), nowMs)
      await eventually(
        () => readdirSync(directory).length <= 6,
        'three that count, and three that would if the clock was wrong',
      )
      nowMs += SKEW_MS
    }
  })

  it('stay while the clock is far ahead, for whoever shows a token again once it was put right', async () => {
    let monotonicMs = 0
    const openBy = () =>
      createReplayCache({ directory, skewMs: SKEW_MS, now: () => nowMs, monotonic: () => monotonicMs })
    using cache = openBy()
    const token = randomBytes(40)
    const [seenAtMs, aheadMs] = [nowMs, 3_600_000]
    await cache.check(token, nowMs)
    const old = join(directory, 'replay-1')
    writeFileSync(old, '')
    nowMs += aheadMs
    for (let step = 0; step < 3; step++, nowMs += SKEW_MS, monotonicMs += 60_000) {
      await cache.check(randomBytes(40), nowMs)
      // One that starts then knows no better.
      using other = openBy()
      await other.check(randomBytes(40), nowMs)
    }
    nowMs = seenAtMs + monotonicMs
    {
      using other = openBy()
      await assert.rejects(other.check(token, seenAtMs), replay)
    }
    // Somebody has added to it: it is not the file that was past by then, when the clock is ahead again.
    monotonicMs += 2 * SKEW_MS
    nowMs += 2 * aheadMs
    await cache.check(randomBytes(40), nowMs)
    await eventually(() => !existsSync(old), 'what is long past is removed')
    nowMs -= 2 * aheadMs
    using after = openBy()
    await assert.rejects(after.check(token, seenAtMs), replay)
  })

  it('survive a writer that died in the middle of a record', async () => {
    const token = randomBytes(40)
    using cache = open()
    await cache.check(token, nowMs)
    await cache.check(randomBytes(40), nowMs)
    const [name = ''] = readdirSync(directory)
    truncateSync(join(directory, name), 24 + 10)
    // Its own reader finds no whole record, which lets nobody in, and opens the file anew.
    await assert.rejects(cache.check(randomBytes(40), nowMs), { code: 'internal' })
    for (const reader of [cache, open()]) {
      await assert.rejects(reader.check(token, nowMs), replay)
      await reader.check(randomBytes(40), nowMs)
    }
  })

  it('lie in a folder that is made anew where somebody has cleaned up', async () => {
    using cache = open()
    const token = randomBytes(40)
    await cache.check(token, nowMs)
    rmSync(directory, { recursive: true })
    await assert.rejects(cache.check(token, nowMs), replay)
    nowMs += SKEW_MS
    await cache.check(randomBytes(40), nowMs)
    mkdirSync(`${directory}-other`, { mode: 0o777 })
    rmSync(directory, { recursive: true })
    symlinkSync(`${directory}-other`, directory)
    nowMs += SKEW_MS
    await assert.rejects(cache.check(randomBytes(40), nowMs), { code: 'internal' })
  })

  it('are not kept where others can write', async () => {
    using _cache = open()
    chmodSync(directory, 0o777)
    assert.throws(() => open(), /only this account/)
    chmodSync(directory, 0o700)
    symlinkSync(directory, `${directory}-link`)
    assert.throws(() => open(`${directory}-link`), /only this account/)
  })
})
