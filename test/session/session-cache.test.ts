/** What changes tell of cached sessions finds exactly those that a walk over all of them would have found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hearChange, type Session, sessionCache } from '../../src/session/session-cache.ts'
import type { SessionRecord } from '../../src/session/session-store.ts'
import type { Change } from '../../src/store/changes.ts'

const CAPACITY = 4
const IDS = ['a', 'b', 'c', 'd', 'e', 'f'] as const
const ACCOUNTS = ['ada', 'bob', 'eve'] as const

const keyOf = (id: string) => `key of ${id}`
const markOf = (account: string) => `mark of ${account}`
const id = fc.constantFrom(...IDS)
const account = fc.constantFrom(...ACCOUNTS)
const change = fc.oneof(
  id.map(ended => ({ kind: 'session', key: keyOf(ended) }) as const),
  id.map(ended => ({ kind: 'session-ended', key: keyOf(ended) }) as const),
  account.map(ended => ({ kind: 'account', account: ended }) as const),
  fc.uniqueArray(id).map(ids => ({ kind: 'sessions-changed', keys: new Set(ids.map(keyOf)) }) as const),
  fc.constantFrom({ kind: 'missed' } as const, { kind: 'sessions-ended', by: undefined } as const),
  fc.uniqueArray(account).map(ended => ({ kind: 'sessions-ended', by: new Set(ended.map(markOf)) }) as const),
)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ find: id }) },
  { weight: 1, arbitrary: fc.record({ change }) },
)

/** The same by the plainest means: a list, oldest first, and a walk over all of it. */
class Model {
  readonly ownerOf: (id: string) => string
  entries: { readonly id: string; isFresh: boolean }[] = []

  constructor(ownerOf: (id: string) => string) {
    this.ownerOf = ownerOf
  }

  /** Whether it has to be read. */
  find(id: string): boolean {
    const known = this.entries.find(entry => entry.id === id)
    if (known === undefined) this.entries = [...this.entries, { id, isFresh: true }].slice(-CAPACITY)
    if (known?.isFresh === true) return false
    if (known !== undefined) known.isFresh = true
    return true
  }

  hear(told: Change): void {
    const isForgotten = told.kind === 'session' || told.kind === 'session-ended' || told.kind === 'account'
    if (isForgotten) this.entries = this.entries.filter(({ id }) => !this.#concerns(told, id))
    else for (const entry of this.entries) if (this.#concerns(told, entry.id)) entry.isFresh = false
  }

  #concerns(told: Change, id: string): boolean {
    if (told.kind === 'session' || told.kind === 'session-ended') return told.key === keyOf(id)
    if (told.kind === 'account') return told.account === this.ownerOf(id)
    if (told.kind === 'sessions-ended') return told.by?.has(markOf(this.ownerOf(id))) ?? true
    return told.kind === 'sessions-changed' ? told.keys.has(keyOf(id)) : true
  }
}

test('after any reads, evictions and changes, exactly what a change concerns is read again', () => {
  const owners = fc.record(Object.fromEntries(IDS.map(of => [of, account])))
  fc.assert(
    fc.property(owners, fc.array(step, { maxLength: 60 }), (accounts, steps) => {
      const ownerOf = (of: string) => accounts[of] ?? 'ada'
      const times = { cacheMs: 1000, maxCached: CAPACITY, idleTimeoutSeconds: 7200 }
      let reads = 0
      const read = (of: string) => {
        reads++
        return session(of, ownerOf(of))
      }
      const cache = sessionCache(times, read, () => 1)
      const model = new Model(ownerOf)
      let expected = 0
      for (const taken of steps) {
        if ('change' in taken) {
          hearChange(cache, taken.change)
          model.hear(taken.change)
        } else {
          if (model.find(taken.find)) expected++
          assert.ok(cache.get(taken.find, taken.find))
          assert.equal(reads, expected)
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('a record that says another account does not take the place of a session that is known', () => {
  let account = 'ada'
  let nowMs = 0
  const times = { cacheMs: 1000, maxCached: CAPACITY, idleTimeoutSeconds: 7200 }
  const cache = sessionCache(
    times,
    asked => session(asked, account),
    () => nowMs,
  )
  cache.get('a', 'a')
  account = 'eve'
  nowMs = 1000
  const known = cache.get('a', 'a')
  assert.ok(known !== undefined && !(known instanceof Promise))
  assert.equal(known.record.account, 'ada')
})

function session(of: string, account: string): Session {
  const endedBy = ['mark of nobody', markOf(account)]
  const record = { key: keyOf(of), account, refreshedAtMs: 0, lastSeenAtMs: 0, endedBy } as unknown as SessionRecord
  return { record, lastSeenAtMs: 0 }
}
