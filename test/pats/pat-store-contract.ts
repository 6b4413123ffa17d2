/** What every store of personal access tokens must do: each implementation runs these tests. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { type AccountKey, storedAccountKey } from '../../src/account-key.ts'
import { mergePats, type PatRecord, type PatStore } from '../../src/pats/pat-store.ts'

const ADA = storedAccountKey('ada')
const BOB = storedAccountKey('bob')
const UMLAUT = storedAccountKey('CORP\\ädä')

export interface OpenPatStores {
  /** Two on the same data, as two workers have them. */
  readonly stores: readonly [PatStore, PatStore]
  close(): Promise<void>
}

const START_MS = 1_800_000_000_000

export const samplePat = (change: Partial<PatRecord> = {}): PatRecord => ({
  ...{ fingerprint: 'fingerprint-1', firstSeenAtMs: START_MS, lastSeenAtMs: START_MS },
  networks: [{ network: '192.0.2.1/32', lastSeenAtMs: START_MS }],
  ...{ clientClasses: ['git'], accountKey: UMLAUT, isBlocked: false },
  ...change,
})

const sorted = (record: PatRecord | undefined) =>
  record && { ...record, clientClasses: [...record.clientClasses].sort() }

export function testPatStore(open: () => Promise<OpenPatStores>): void {
  let opened: OpenPatStores
  let [one, other]: readonly [PatStore, PatStore] = [] as never
  beforeEach(async () => {
    opened = await open()
    ;[one, other] = opened.stores
  })
  afterEach(() => opened.close())

  const isBlocked = async (fingerprint: string) => (await other.readPat(fingerprint))?.isBlocked
  const namesOf = async (accountKey: AccountKey) =>
    (await other.patsOf(accountKey)).map(({ fingerprint }) => fingerprint)

  test('a use written by one is read by the other, every member as it was', async () => {
    const anonymous = samplePat({
      fingerprint: 'f2',
      accountKey: undefined,
      clientClasses: ['rest', 'build-agent'],
    })
    await one.recordUses([samplePat(), anonymous])
    assert.deepEqual(await other.readPat('fingerprint-1'), samplePat())
    assert.deepEqual(sorted(await other.readPat('f2')), sorted(anonymous))
    assert.equal(await other.readPat('f3'), undefined)
  })

  test('uses add up, in whatever order and however often they are written', async () => {
    const [early, late] = [START_MS - 1000, START_MS + 5000]
    const all = [
      samplePat(),
      samplePat({ firstSeenAtMs: late, lastSeenAtMs: late, accountKey: undefined, clientClasses: ['rest'] }),
      samplePat({
        ...{ firstSeenAtMs: early, lastSeenAtMs: early },
        networks: [
          { network: '10.0.0.1/32', lastSeenAtMs: early },
          { network: '192.0.2.1/32', lastSeenAtMs: early },
        ],
      }),
    ]
    for (const [index, use] of [...all, ...all].entries()) await (index % 2 ? one : other).recordUses([use])
    const merged = all.reduce<PatRecord | undefined>((known, seen) => mergePats(known, seen), undefined)
    assert.deepEqual(sorted(await one.readPat('fingerprint-1')), sorted(merged))
    assert.equal((await one.readPat('fingerprint-1'))?.accountKey, UMLAUT)
  })

  test('a use of which only the time is noted moves that alone, of those that are known, and is told to who lists them', async () => {
    await one.recordUses([samplePat(), samplePat({ fingerprint: 'f2', lastSeenAtMs: START_MS + 1000 })])
    await other.noteUses(
      new Map([
        ['fingerprint-1', START_MS + 60_000],
        ['f2', START_MS],
        ['unknown', START_MS],
      ]),
    )
    assert.deepEqual(await one.readPat('fingerprint-1'), samplePat({ lastSeenAtMs: START_MS + 60_000 }))
    assert.equal((await one.readPat('f2'))?.lastSeenAtMs, START_MS + 1000)
    assert.equal(await one.readPat('unknown'), undefined)
    assert.deepEqual(await namesOf(UMLAUT), ['fingerprint-1', 'f2'])
    await one.blockPat(UMLAUT, 'fingerprint-1', true, START_MS)
    await one.noteUses(new Map([['fingerprint-1', START_MS + 120_000]]))
    assert.equal(await isBlocked('fingerprint-1'), true)
    assert.deepEqual(await other.blockedPats(), ['fingerprint-1'])
    await one.movePat('fingerprint-1', 'f3')
    assert.equal((await other.readPat('f3'))?.lastSeenAtMs, START_MS + 120_000)
  })

  test('the eight networks seen last are kept', async () => {
    for (let index = 0; index < 12; index++) {
      const networks = [{ network: `10.0.0.${index}/32`, lastSeenAtMs: START_MS + index }]
      await one.recordUses([samplePat({ networks, lastSeenAtMs: START_MS + index })])
    }
    const networks = (await other.readPat('fingerprint-1'))?.networks.map(({ network }) => network)
    assert.deepEqual(
      networks,
      Array.from({ length: 8 }, (_, index) => `10.0.0.${11 - index}/32`),
    )
  })

  test('only the account of a token blocks it and allows it again, and is told whether that changed something', async () => {
    await one.recordUses([samplePat()])
    assert.equal(await one.blockPat(BOB, 'fingerprint-1', true, START_MS), false)
    assert.equal(await one.blockPat(UMLAUT, 'unknown', true, START_MS), false)
    assert.equal(await isBlocked('fingerprint-1'), false)
    assert.equal(await one.blockPat(UMLAUT, 'fingerprint-1', true, START_MS), true)
    assert.equal(await other.blockPat(UMLAUT, 'fingerprint-1', true, START_MS), false)
    assert.equal(await isBlocked('fingerprint-1'), true)
    assert.equal(await other.blockPat(UMLAUT, 'fingerprint-1', false, START_MS), true)
    assert.equal(await isBlocked('fingerprint-1'), false)
  })

  test('a block that comes late counts, unless something was decided since', async () => {
    const block = { accountKey: UMLAUT, fingerprint: 'fingerprint-1', decidedAtMs: START_MS + 10 }
    await one.recordUses([samplePat()])
    assert.equal(await other.decidedAtMs('fingerprint-1'), 0)
    await one.blockPatLate(block)
    assert.deepEqual(
      [await isBlocked('fingerprint-1'), await other.decidedAtMs('fingerprint-1')],
      [true, START_MS + 10],
    )
    assert.equal(await other.blockPat(UMLAUT, 'fingerprint-1', false, START_MS + 11), true)
    await one.blockPatLate(block)
    assert.deepEqual(
      [await isBlocked('fingerprint-1'), await other.decidedAtMs('fingerprint-1')],
      [false, START_MS + 11],
    )
    // By a process whose clock is behind: what was decided before that counts as known all the same.
    assert.equal(await one.blockPat(UMLAUT, 'fingerprint-1', true, START_MS + 1), true)
    assert.equal(await other.blockPat(UMLAUT, 'fingerprint-1', false, START_MS + 2), true)
    assert.equal(await other.decidedAtMs('fingerprint-1'), START_MS + 11)
    await one.movePat('fingerprint-1', 'moved')
    await one.blockPatLate({ ...block, fingerprint: 'moved' })
    assert.equal(await isBlocked('moved'), false)
    // An earlier version has allowed it, and says no time.
    await one.blockPatLate({ ...block, fingerprint: 'moved', decidedAtMs: START_MS + 11 })
    assert.equal(await isBlocked('moved'), false)
    await one.blockPatLate({ ...block, fingerprint: 'moved', decidedAtMs: START_MS + 12 })
    assert.equal(await isBlocked('moved'), true)
  })

  test('a block that comes late makes known what is not, and no token of somebody else its own', async () => {
    await one.blockPatLate({ accountKey: ADA, fingerprint: 'lost', decidedAtMs: START_MS })
    assert.equal(await isBlocked('lost'), true)
    assert.deepEqual([await namesOf(ADA), await other.blockedPats()], [['lost'], ['lost']])
    await one.recordUses([samplePat({ fingerprint: 'ownerless', accountKey: undefined }), samplePat()])
    await one.blockPatLate({ accountKey: ADA, fingerprint: 'ownerless', decidedAtMs: START_MS })
    await one.blockPatLate({ accountKey: ADA, fingerprint: 'fingerprint-1', decidedAtMs: START_MS })
    assert.deepEqual([await isBlocked('ownerless'), await isBlocked('fingerprint-1')], [true, false])
  })

  test('a block is never lost by uses that are written at the same time', async () => {
    await one.recordUses([samplePat()])
    for (let round = 0; round < 20; round++) {
      const [, blocked] = await Promise.all([
        one.recordUses([samplePat({ lastSeenAtMs: START_MS + round })]),
        other.blockPat(UMLAUT, 'fingerprint-1', round % 2 === 0, START_MS),
        one.recordUses([samplePat({ lastSeenAtMs: START_MS + round })]),
      ])
      assert.equal(blocked, true)
      assert.equal(await isBlocked('fingerprint-1'), round % 2 === 0)
    }
  })

  test('a token moves to another fingerprint with all that is known of it, joins what is there, and leaves nothing behind', async () => {
    const early = START_MS - 1000
    await one.recordUses([
      samplePat({ fingerprint: 'old', firstSeenAtMs: early, clientClasses: ['rest'] }),
      samplePat({ fingerprint: 'alone', accountKey: undefined }),
    ])
    await other.recordUses([
      samplePat({ fingerprint: 'new', networks: [{ network: '10.0.0.1/32', lastSeenAtMs: early }] }),
    ])
    await one.movePat('old', 'new')
    await other.movePat('alone', 'elsewhere')
    await other.movePat('unknown', 'nowhere')
    const moved = sorted(await other.readPat('new'))
    assert.deepEqual([moved?.firstSeenAtMs, moved?.clientClasses, moved?.networks.length], [early, ['git', 'rest'], 2])
    assert.deepEqual(await one.readPat('elsewhere'), samplePat({ fingerprint: 'elsewhere', accountKey: undefined }))
    for (const gone of ['old', 'alone', 'nowhere']) assert.equal(await other.readPat(gone), undefined)
    assert.deepEqual(await namesOf(UMLAUT), ['new'])
  })

  test('a token blocked under either fingerprint stays blocked when it moves, and blocked ones are listed', async () => {
    const names = ['a-old', 'a-new', 'b-old', 'b-new', 'c-old']
    await one.recordUses(names.map(fingerprint => samplePat({ fingerprint })))
    for (const blocked of ['a-old', 'b-new', 'c-old']) await one.blockPat(UMLAUT, blocked, true, START_MS)
    assert.deepEqual((await other.blockedPats()).sort(), ['a-old', 'b-new', 'c-old'])
    for (const letter of ['a', 'b', 'c']) await other.movePat(`${letter}-old`, `${letter}-new`)
    assert.deepEqual((await one.blockedPats()).sort(), ['a-new', 'b-new', 'c-new'])
    assert.deepEqual(await Promise.all(['a-new', 'b-new', 'c-new'].map(isBlocked)), [true, true, true])
    await other.sweepPats(Number.MAX_SAFE_INTEGER, 100)
    assert.equal((await one.blockedPats()).length, 3)
    assert.equal(await one.blockPat(UMLAUT, 'a-new', false, START_MS), true)
    assert.deepEqual((await other.blockedPats()).sort(), ['b-new', 'c-new'])
  })

  test('the tokens of an account are listed last used first, also after the server says whose one is, and never those of others', async () => {
    await one.recordUses([
      samplePat({ fingerprint: 'f1', accountKey: ADA, lastSeenAtMs: START_MS + 1 }),
      samplePat({ fingerprint: 'f2', accountKey: ADA, lastSeenAtMs: START_MS + 3 }),
      samplePat({ fingerprint: 'f3', accountKey: undefined, lastSeenAtMs: START_MS }),
      samplePat({ fingerprint: 'f4', accountKey: BOB }),
    ])
    assert.deepEqual(await namesOf(ADA), ['f2', 'f1'])
    await one.recordUses([samplePat({ fingerprint: 'f3', accountKey: ADA, lastSeenAtMs: START_MS + 9 })])
    await one.recordUses([samplePat({ fingerprint: 'f2', accountKey: BOB, lastSeenAtMs: START_MS + 9 })])
    assert.deepEqual(await namesOf(ADA), ['f3', 'f1'])
    assert.deepEqual((await namesOf(BOB)).sort(), ['f2', 'f4'])
  })

  test('the network of the last use is kept among eight, also where the clock was set back', async () => {
    const use = (network: string, lastSeenAtMs: number) =>
      samplePat({ lastSeenAtMs, networks: [{ network, lastSeenAtMs }] })
    for (let index = 0; index < 8; index++) await one.recordUses([use(`10.${index}.0.0/16`, START_MS + index)])
    for (const index of [8, 9]) await other.recordUses([use(`10.${index}.0.0/16`, START_MS - 3_600_000)])
    const networks = (await one.readPat('fingerprint-1'))?.networks.map(({ network }) => network)
    assert.deepEqual([networks?.length, networks?.at(-2), networks?.at(-1)], [8, '10.1.0.0/16', '10.9.0.0/16'])
  })

  test('the sweep forgets what was not seen for long, then the oldest above the bound, and blocked ones last', async () => {
    const names = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5']
    const at = (index: number) => ({ lastSeenAtMs: START_MS + index, accountKey: ADA })
    await one.recordUses(names.map((fingerprint, index) => samplePat({ fingerprint, ...at(index) })))
    for (const blocked of ['f0', 'f2']) await one.blockPat(ADA, blocked, true, START_MS)
    // Seen again while it is blocked: it stands behind the others all the same.
    await one.recordUses([samplePat({ fingerprint: 'f2', ...at(2) })])
    const left = async () => (await namesOf(ADA)).sort()
    await other.sweepPats(START_MS + 2, 100)
    assert.deepEqual(await left(), ['f0', 'f2', 'f3', 'f4', 'f5'])
    await other.sweepPats(0, 4)
    assert.deepEqual(await left(), ['f0', 'f2', 'f4', 'f5'])
    await other.sweepPats(0, 2)
    assert.deepEqual(await left(), ['f0', 'f2'])
    await other.sweepPats(0, 1)
    assert.equal((await left()).length, 1)
    assert.equal(await one.readPat('f1'), undefined)
  })

  test('above the bound those go first of which nobody has said whose they are, however lately they were seen', async () => {
    const at = (index: number) => ({ fingerprint: `f${index}`, lastSeenAtMs: START_MS + index })
    const madeUp = Array.from({ length: 6 }, (_, index) => samplePat({ ...at(index + 10), accountKey: undefined }))
    await one.recordUses([samplePat({ ...at(0), accountKey: undefined })])
    // Known before its owner was.
    await other.recordUses([samplePat({ ...at(0), accountKey: ADA }), samplePat({ ...at(1), accountKey: ADA })])
    await one.recordUses(madeUp)
    await other.sweepPats(0, 3)
    assert.deepEqual((await namesOf(ADA)).sort(), ['f0', 'f1'])
    for (const { fingerprint } of madeUp.slice(0, 5)) assert.equal(await one.readPat(fingerprint), undefined)
    assert.notEqual(await one.readPat('f15'), undefined)
    await other.sweepPats(0, 1)
    assert.deepEqual(await namesOf(ADA), ['f1'])
    assert.equal(await one.readPat('f15'), undefined)
  })
}
