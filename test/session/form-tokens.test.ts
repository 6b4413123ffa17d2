import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Fault } from '../../src/errors.ts'
import { FormTokens } from '../../src/session/form-tokens.ts'
import { Sealer } from '../../src/session/sealer.ts'
import { SESSION_SCHEMA, SqliteSessionStore } from '../../src/session/sqlite-session-store.ts'
import { SqliteDatabase } from '../../src/store/sqlite-database.ts'

const ADA = { key: 'session-of-ada' }
const ACTION = '/.torhaus/sign-out-everywhere'
const HOUR_MS = 3_600_000

function startForms(keys = [randomBytes(32)]) {
  const database = SqliteDatabase.inMemory(SESSION_SCHEMA)
  let nowMs = 1_800_000_000_000
  const store = new SqliteSessionStore(database)
  return {
    forms: new FormTokens(new Sealer(keys), store, () => nowMs),
    withKeys: (other: Buffer[]) => new FormTokens(new Sealer(other), store, () => nowMs),
    wait(ms: number) {
      nowMs += ms
    },
  }
}

test('a form is good once, also of several at the same time', async () => {
  const { forms } = startForms()
  const token = forms.issue(ADA, ACTION)
  const taken = await Promise.all([1, 2, 3].map(() => forms.take(ADA, ACTION, token)))
  assert.deepEqual(taken.filter(Boolean), [true])
  assert.equal(await forms.take(ADA, ACTION, token), false)
})

test('a form is good for its session and its action alone', async () => {
  const { forms } = startForms()
  const token = forms.issue(ADA, ACTION)
  assert.equal(await forms.take({ key: 'session-of-carol' }, ACTION, token), false)
  for (const action of ['', `${ACTION}/`, '/.torhaus/pats/allow/x', `${ACTION} `])
    assert.equal(await forms.take(ADA, action, token), false, action)
  assert.equal(await forms.take(ADA, ACTION, token), true)
})

test('a form that is too old, changed or invented is refused', async () => {
  const { forms, wait } = startForms()
  const [old, fresh] = [forms.issue(ADA, ACTION), forms.issue(ADA, ACTION)]
  const changed = `${fresh.slice(0, -2)}${fresh.at(-2) === 'A' ? 'B' : 'A'}${fresh.at(-1)}`
  for (const token of ['', 'x', 'v1..', changed, fresh.slice(0, 30), 'v1.00000000.AAAA'])
    assert.equal(await forms.take(ADA, ACTION, token), false, token)
  wait(HOUR_MS - 1)
  assert.equal(await forms.take(ADA, ACTION, fresh), true)
  wait(1)
  assert.equal(await forms.take(ADA, ACTION, old), false)
})

test('a form outlives an exchange of keys as long as the older key is listed', async () => {
  const [one, two] = [randomBytes(32), randomBytes(32)]
  const { forms, withKeys } = startForms([one])
  const token = forms.issue(ADA, ACTION)
  assert.equal(await withKeys([two]).take(ADA, ACTION, token), false)
  assert.equal(await withKeys([two, one]).take(ADA, ACTION, token), true)
})

test('with a store that remembers nothing, only what may be sent twice goes on, and nothing that is made up', async () => {
  const full = {
    claimOnce() {
      throw new Fault('store-unavailable')
    },
  }
  const forms = new FormTokens(new Sealer([randomBytes(32)]), full, () => 0)
  const token = forms.issue(ADA, ACTION)
  assert.equal(await forms.take(ADA, ACTION, token, true), true)
  assert.equal(await forms.take(ADA, ACTION, 'made up', true), false)
  await assert.rejects(forms.take(ADA, ACTION, token), { code: 'store-unavailable' })
})
