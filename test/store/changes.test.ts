import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Change, Changes } from '../../src/store/changes.ts'
import { openSessionLab, PERSON } from '../session/session-lab.ts'

const TIMES = { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 3600, cacheMs: 60_000, maxCached: 100 }
const NO_TOKENS = { refreshToken: undefined, idToken: undefined }

test('a change reaches the listeners of its own process and, through the senders, those of the others, once each', () => {
  const [one, other] = [new Changes(), new Changes()]
  const heard: [string, Change][] = []
  one.subscribe(change => heard.push(['one', change]))
  other.subscribe(change => heard.push(['other', change]))
  one.connect(change => other.receive(change))
  other.connect(change => one.receive(change))
  const change: Change = { kind: 'session', key: 'k' }
  one.publish(change)
  assert.deepEqual(heard, [
    ['one', change],
    ['other', change],
  ])
})

test('a session that another process ended is not believed a moment longer, and others stay in the cache', async () => {
  const lab = await openSessionLab(TIMES)
  try {
    const [ended, running] = [await lab.sessions.open(PERSON, NO_TOKENS), await lab.sessions.open(PERSON, NO_TOKENS)]
    for (const id of [ended, running]) assert.ok(await lab.sessions.find(id))
    const readsBefore = lab.reads()
    lab.otherChanges.connect(change => lab.changes.receive(change))
    await lab.otherSessions.end(ended)
    assert.equal(await lab.sessions.find(ended), undefined)
    assert.ok(await lab.sessions.find(running))
    assert.equal(lab.reads(), readsBefore + 1)
  } finally {
    await lab.close()
  }
})

test('all sessions of an account that another process ended are gone at once', async () => {
  const lab = await openSessionLab(TIMES)
  try {
    const ids = [await lab.sessions.open(PERSON, NO_TOKENS), await lab.sessions.open(PERSON, NO_TOKENS)]
    for (const id of ids) assert.ok(await lab.sessions.find(id))
    lab.otherChanges.connect(change => lab.changes.receive(change))
    assert.equal((await lab.otherSessions.endAll({ accountKey: PERSON.accountKey })).length, 2)
    for (const id of ids) assert.equal(await lab.sessions.find(id), undefined)
  } finally {
    await lab.close()
  }
})
