/** What every session store must do, whatever lies beneath: each implementation runs these tests. */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { storedAccountKey } from '../../src/account-key.ts'
import type { SessionRecord, SessionStore, SignInRecord } from '../../src/session/session-store.ts'

const ADA = storedAccountKey('ada@X')
const BOB = storedAccountKey('bob@X')

export type OpenStores = {
  /** Two connections to the same data, as two workers have them. */
  readonly stores: readonly [SessionStore, SessionStore]
  close(): Promise<void>
}

export function sampleSession(change: Partial<SessionRecord> = {}): SessionRecord {
  return {
    key: 'key-1',
    subject: 'subject',
    opSessionId: 'sid',
    account: 'CORP\\ädä',
    accountKey: storedAccountKey('ädä@CORP'),
    evidence: { acr: 'mfa', acrs: ['c1'], amr: ['pwd', 'otp'], authTime: 1000 },
    binding: 'signature',
    createdAtMs: 10_000,
    lastSeenAtMs: 10_000,
    refreshedAtMs: 10_000,
    sealedTokens: 'sealed',
    ...change,
  }
}

export function sampleSignIn(change: Partial<SignInRecord> = {}): SignInRecord {
  const [state, browserKey, nonce, codeVerifier] = ['state-1', 'browser-1', 'nonce', 'verifier']
  const demand = { maxAgeSeconds: 900, acrValues: ['mfa'] }
  return { state, browserKey, nonce, codeVerifier, returnTo: '/a?b=c', expiresAtMs: 20_000, ...demand, ...change }
}

/** `sweeps`: what has ended stays until the sweep; otherwise it goes by itself. */
export function testStoreContract(open: () => Promise<OpenStores>, { sweeps }: { readonly sweeps: boolean }): void {
  let opened: OpenStores
  let [one, other]: readonly [SessionStore, SessionStore] = [] as never
  beforeEach(async () => {
    opened = await open()
    ;[one, other] = opened.stores
  })
  afterEach(() => opened.close())

  test('a session made by one is read by the other, every member as it was', async () => {
    const bare = { acr: undefined, acrs: [], amr: [], authTime: undefined }
    const sparse = sampleSession({ key: 'key-2', opSessionId: undefined, sealedTokens: undefined, evidence: bare })
    const from = { address: '192.0.2.1', browser: 'firefox', system: 'windows' } as const
    await one.createSession(sampleSession())
    await one.createSession(sparse)
    await one.createSession(sampleSession({ key: 'key-4', from }))
    const written = async (key: string) => {
      // What a store says beside what was written.
      const { endedBy: _, ...record } = (await other.readSession(key)) ?? {}
      return record
    }
    assert.deepEqual(await written('key-1'), sampleSession())
    assert.deepEqual(await written('key-4'), sampleSession({ key: 'key-4', from }))
    assert.partialDeepStrictEqual(await other.readSession('key-2'), { key: 'key-2', sealedTokens: undefined })
    assert.equal(await other.readSession('key-3'), undefined)
  })

  test('a session deleted by one is gone for the other, and deleting it again is no error', async () => {
    await one.createSession(sampleSession())
    await other.deleteSession('key-1')
    assert.equal(await one.readSession('key-1'), undefined)
    await one.deleteSession('key-1')
  })

  test('"last seen" only ever moves forward', async () => {
    await one.createSession(sampleSession())
    await one.touchSession('key-1', 15_000)
    await other.touchSession('key-1', 12_000)
    assert.equal((await one.readSession('key-1'))?.lastSeenAtMs, 15_000)
  })

  test('the refresh is claimed by one only until the lease is over, is given back, or is done', async () => {
    await one.createSession(sampleSession())
    const nowMs = Date.now()
    assert.equal(await one.claimRefresh('key-1', nowMs, 60_000), true)
    assert.equal(await other.claimRefresh('key-1', nowMs + 1, 60_000), false)
    await other.releaseRefresh('key-1')
    assert.equal(await other.claimRefresh('key-1', nowMs, 1), true)
    await sleep(5)
    assert.equal(await one.claimRefresh('key-1', nowMs + 5, 60_000), true)
    assert.equal(await one.saveRefresh('key-1', 2500, 'sealed again'), true)
    assert.partialDeepStrictEqual(await other.readSession('key-1'), {
      refreshedAtMs: 2500,
      sealedTokens: 'sealed again',
    })
    assert.equal(await other.claimRefresh('key-1', nowMs, 60_000), true)
  })

  test('a clock that is set back by an hour leaves no lease that nobody can take', async () => {
    await one.createSession(sampleSession())
    const nowMs = Date.now()
    await one.claimRefresh('key-1', nowMs, 3_600_000)
    assert.equal(await other.claimRefresh('key-1', nowMs, 15_000), true)
  })

  test('a refresh that comes back after the sign-out does not bring the session back', async () => {
    await one.createSession(sampleSession())
    await one.claimRefresh('key-1', Date.now(), 60_000)
    await other.deleteSession('key-1')
    assert.equal(await one.saveRefresh('key-1', 1500, 'sealed again'), false)
    await one.touchSession('key-1', 1500)
    assert.equal(await one.readSession('key-1'), undefined)
    assert.equal(await one.claimRefresh('key-1', Date.now(), 60_000), false)
  })

  test('a refresh that is stored late counts only where nobody has refreshed since', async () => {
    await one.createSession(sampleSession({ refreshedAtMs: 1000 }))
    assert.equal(await other.saveRefresh('key-1', 2000, 'too late', 999), false)
    assert.equal((await one.readSession('key-1'))?.refreshedAtMs, 1000)
    await other.saveRefresh('key-1', 2000, 'in time', 1000)
    assert.partialDeepStrictEqual(await one.readSession('key-1'), { refreshedAtMs: 2000, sealedTokens: 'in time' })
  })

  test('a refresh that is stored late takes no lease from whoever refreshes meanwhile', async () => {
    await one.createSession(sampleSession({ refreshedAtMs: 1000 }))
    const nowMs = Date.now()
    assert.equal(await one.claimRefresh('key-1', nowMs, 60_000), true)
    await other.saveRefresh('key-1', 2000, 'late', 1000)
    assert.equal(await other.claimRefresh('key-1', nowMs, 60_000), false)
  })

  test('a sign-in is given once, whoever of the two asks first, and however many ask at once', async () => {
    for (let round = 0; round < 20; round++) {
      // Every other one is for something that is done by it.
      const intent = { kind: 'confirm', object: 'CODE', accountKey: storedAccountKey('ada'), begunAtMs: round } as const
      const record = sampleSignIn({ state: `state-${round}`, ...(round % 2 === 0 ? {} : { intent }) })
      await one.addSignIn(record, 8)
      const askers = [one, other, one, other]
      const given = await Promise.all(askers.map(async store => store.takeSignIn(record.state)))
      assert.deepEqual(
        given.filter(answer => answer !== undefined),
        [record],
      )
    }
  })

  test('above the cap the oldest sign-in of that browser is dropped, and no other', async () => {
    await one.addSignIn(sampleSignIn({ state: 'elsewhere', browserKey: 'browser-2' }), 3)
    for (const state of ['first', 'second', 'third', 'fourth'])
      await (state === 'second' ? other : one).addSignIn(sampleSignIn({ state }), 3)
    const left = []
    for (const state of ['first', 'second', 'third', 'fourth', 'elsewhere'])
      if ((await other.takeSignIn(state)) !== undefined) left.push(state)
    assert.deepEqual(left, ['second', 'third', 'fourth', 'elsewhere'])
  })

  test('all sessions of an account, of a subject or of one session at the OP are ended, and no others', async () => {
    const keysOf = (ended: readonly { readonly key: string }[]) => ended.map(({ key }) => key).sort()
    const all = [
      sampleSession({ key: 'a1', account: 'ada', accountKey: ADA, subject: 's-ada', opSessionId: 'sid-1' }),
      sampleSession({ key: 'a2', account: 'X\\Ada', accountKey: ADA, subject: 's-ada', opSessionId: 'sid-2' }),
      sampleSession({ key: 'b1', account: 'bob', accountKey: BOB, subject: 's-bob', opSessionId: 'sid-3' }),
      sampleSession({ key: 'b2', account: 'bob', accountKey: BOB, subject: 's-bob', opSessionId: undefined }),
    ]
    const fill = async () => {
      for (const record of all) await one.createSession(record)
    }
    const left = async () => {
      const found = await Promise.all(all.map(async ({ key }) => (await one.readSession(key))?.key))
      for (const { key } of all) await one.deleteSession(key)
      return found.filter(key => key !== undefined)
    }
    await fill()
    assert.deepEqual((await other.sessionsOf({ accountKey: ADA })).map(({ account }) => account).sort(), [
      'X\\Ada',
      'ada',
    ])
    const endedOfAda = await other.deleteSessions({ accountKey: ADA })
    assert.deepEqual(
      endedOfAda.sort((one, other) => one.key.localeCompare(other.key)),
      [
        { key: 'a1', account: 'ada' },
        { key: 'a2', account: 'X\\Ada' },
      ],
    )
    assert.deepEqual(await left(), ['b1', 'b2'])
    await fill()
    assert.deepEqual(keysOf(await other.deleteSessions({ subject: 's-bob' })), ['b1', 'b2'])
    assert.deepEqual(await left(), ['a1', 'a2'])
    await fill()
    assert.deepEqual(keysOf(await other.deleteSessions({ opSessionId: 'sid-2' })), ['a2'])
    assert.deepEqual(keysOf(await other.deleteSessions({ subject: 's-ada', opSessionId: 'sid-3' })), [])
    assert.deepEqual(keysOf(await other.deleteSessions({ subject: 's-bob', opSessionId: 'sid-3' })), ['b1'])
    assert.deepEqual(await left(), ['a1', 'b2'])
  })

  test('what counts once is claimed by one only, until its time is over', async () => {
    const claims = await Promise.all([one, other, one].map(async store => store.claimOnce('jti-1', 1000, 2000)))
    assert.equal(claims.filter(Boolean).length, 1)
    assert.equal(await other.claimOnce('jti-2', 1000, 2000), true)
    assert.equal(await one.claimOnce('jti-1', 1999, 2999), false)
    assert.equal(await other.claimOnce('jti-1', 2000, 3000), true)
    await one.sweep(2500, 0, 0)
    assert.equal(await one.claimOnce('jti-1', 2999, 4000), false)
    assert.equal(await one.claimOnce('jti-2', 2500, 4000), true)
  })

  test('what is marked by one is read by the other until its time is over, and a later time wins', async () => {
    assert.equal(await one.markedUntil('mark'), undefined)
    const hence = Date.now() + 60_000
    await one.markUntil('mark', hence)
    assert.equal(await other.markedUntil('mark'), hence)
    await other.markUntil('mark', hence - 1000)
    assert.equal(await one.markedUntil('mark'), hence)
    await other.markUntil('mark', hence + 1000)
    assert.equal(await one.markedUntil('mark'), hence + 1000)
    await one.sweep(hence + 999, 0, 0)
    assert.equal(await one.markedUntil('mark'), hence + 1000)
    await one.sweep(hence + 1000, 0, 0)
    if (sweeps) assert.equal(await other.markedUntil('mark'), undefined)
  })

  test('what is noted once stays as it is until its time is over, and a note too many is not made', async () => {
    const nowMs = Date.now()
    const hence = nowMs + 60_000
    await one.markOnce('a', nowMs, hence, 2)
    await other.markOnce('a', nowMs + 1, hence + 1, 2)
    await other.markOnce('b', nowMs, hence + 2, 2)
    await one.markOnce('c', nowMs, hence + 3, 2)
    assert.deepEqual(await Promise.all(['a', 'b', 'c'].map(id => one.markedOnce(id))), [hence, hence + 2, undefined])
    await one.markOnce('c', hence + 1, hence + 4, 2)
    assert.deepEqual(await Promise.all(['b', 'c'].map(id => other.markedOnce(id))), [hence + 2, hence + 4])
    await one.markOnce('b', hence + 2, hence + 5, 2)
    assert.equal(await other.markedOnce('b'), hence + 5)
    assert.equal(await other.markedUntil('b'), undefined, 'other notes are other notes')
  })

  test('an account has 1000 sessions at most: the one that was opened first makes room, and others lose none', async () => {
    const nowMs = Date.now()
    const ofAda = (count: number) =>
      sampleSession({ key: `ada-${count}`, accountKey: ADA, createdAtMs: nowMs + count, lastSeenAtMs: nowMs + count })
    await other.createSession(sampleSession({ key: 'bob', accountKey: BOB, createdAtMs: nowMs, lastSeenAtMs: nowMs }))
    for (let count = 0; count < 1002; count++) await (count % 2 ? one : other).createSession(ofAda(count))
    const keys = (await one.sessionsOf({ accountKey: ADA })).map(({ key }) => key)
    assert.deepEqual([keys.length, keys[0], keys.at(-1)], [1000, 'ada-1001', 'ada-2'])
    const found = await Promise.all(
      ['ada-0', 'ada-1', 'ada-2', 'bob'].map(async key => (await other.readSession(key))?.key),
    )
    assert.deepEqual(found, [undefined, undefined, 'ada-2', 'bob'])
  })

  test('the newest session of 1000 is kept, also where the clock was set back', async () => {
    const nowMs = Date.now()
    const ofAda = (count: number, createdAtMs: number) =>
      sampleSession({ key: `ada-${count}`, accountKey: ADA, createdAtMs, lastSeenAtMs: createdAtMs })
    for (let count = 0; count < 1000; count++) await one.createSession(ofAda(count, nowMs + count))
    for (const count of [1000, 1001]) await other.createSession(ofAda(count, nowMs - 3_600_000))
    const keys = (await one.sessionsOf({ accountKey: ADA })).map(({ key }) => key)
    assert.deepEqual([keys.length, keys.at(-2), keys.at(-1)], [1000, 'ada-1', 'ada-1001'])
    assert.equal(await one.readSession('ada-0'), undefined)
  })

  if (!sweeps) return
  test('the sweep removes what is idle, what is too old and what was never completed, and nothing else', async () => {
    await one.createSession(sampleSession({ key: 'idle', lastSeenAtMs: 99, createdAtMs: 60 }))
    await one.createSession(sampleSession({ key: 'old', lastSeenAtMs: 200, createdAtMs: 49 }))
    await one.createSession(sampleSession({ key: 'running', lastSeenAtMs: 100, createdAtMs: 50 }))
    await one.addSignIn(sampleSignIn({ state: 'late', expiresAtMs: 299 }), 8)
    await one.addSignIn(sampleSignIn({ state: 'in time', expiresAtMs: 300 }), 8)
    await other.sweep(300, 100, 50)
    const found = await Promise.all(['idle', 'old', 'running'].map(async key => (await one.readSession(key))?.key))
    assert.deepEqual(found, [undefined, undefined, 'running'])
    assert.equal(await one.takeSignIn('late'), undefined)
    assert.equal((await one.takeSignIn('in time'))?.state, 'in time')
  })
}
