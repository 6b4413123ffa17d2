import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storedAccountKey } from '../../src/account-key.ts'
import { type Change, Changes } from '../../src/store/changes.ts'
import { RedisChanges } from '../../src/store/redis-changes.ts'

/** A process: what it publishes is kept for the test to deliver, or not. */
function setUp() {
  const changes = new Changes()
  const heard: Change[] = []
  changes.subscribe(change => heard.push(change))
  const sent: string[] = []
  let malformed = 0
  const channel = new RedisChanges(
    changes,
    message => sent.push(message),
    () => malformed++,
  )
  return { changes, heard, sent, channel, malformed: () => malformed }
}

const CHANGE: Change = { kind: 'session', key: 'k' }
const MISSED: Change = { kind: 'missed' }

test('a change comes to others as it was, of every kind, and not back to who made it', () => {
  const [one, other] = [setUp(), setUp()]
  const all: Change[] = [
    CHANGE,
    { kind: 'account', account: 'ada' },
    { kind: 'grants', accountKey: storedAccountKey('ada') },
    { kind: 'pat', fingerprint: 'f' },
    { kind: 'refreshed', key: 'k', refreshedAtMs: 2, insteadOfMs: 1, sealedTokens: 'v1.a.b' },
  ]
  for (const change of all) one.changes.publish(change)
  for (const message of one.sent) {
    other.channel.receive(message)
    one.channel.receive(message)
  }
  assert.deepEqual(other.heard, all)
  assert.deepEqual(one.heard, all)
})

test('who misses a message reads everything again, as soon as the next one shows it; a heartbeat is enough for that', () => {
  const [one, other] = [setUp(), setUp()]
  other.channel.receive(one.channel.heartbeat())
  one.changes.publish(CHANGE)
  assert.deepEqual(other.heard, [])
  other.channel.receive(one.channel.heartbeat())
  assert.deepEqual(other.heard, [MISSED])
  other.channel.receive(one.channel.heartbeat())
  assert.deepEqual(other.heard, [MISSED])
})

test('one that misses its own message knows that it may have missed those of others', () => {
  const one = setUp()
  one.channel.receive(one.channel.heartbeat())
  one.channel.heartbeat()
  one.channel.receive(one.channel.heartbeat())
  assert.deepEqual(one.heard, [MISSED])
})

test('a message that comes late or twice is heard, and no sign that something is missing', () => {
  const [one, other] = [setUp(), setUp()]
  const [first, second] = [one.channel.heartbeat(), one.channel.heartbeat()]
  one.changes.publish(CHANGE)
  for (const message of [first, second, ...one.sent, first, ...one.sent]) other.channel.receive(message)
  assert.deepEqual(other.heard, [CHANGE, CHANGE])
})

test('garbage is counted and changes nothing; a kind of change from a newer version makes everything be read again', () => {
  const { channel, heard, malformed } = setUp()
  const garbage = ['', 'x', 'null', '[]', '{}', '{"from":1,"n":1}', '{"from":"a","n":"1"}', '{"from":"a","n":1.5}']
  for (const text of garbage) channel.receive(text)
  assert.equal(malformed(), garbage.length)
  assert.deepEqual(heard, [])
  const odd = [
    { kind: 'later' },
    { kind: 'session', key: 7 },
    { kind: 'refreshed', key: 'k' },
    { kind: 'missed' },
    'text',
    null,
  ]
  for (const [index, change] of odd.entries())
    channel.receive(JSON.stringify({ from: 'a', n: index + 1, change, later: 1 }))
  assert.deepEqual(
    heard,
    odd.map(() => MISSED),
  )
})

test('the key of an account travels as `account`, as versions before expect it', () => {
  const one = setUp()
  one.changes.publish({ kind: 'grants', accountKey: storedAccountKey('ada') })
  assert.deepEqual(JSON.parse(one.sent[0] ?? '').change, { kind: 'grants', account: 'ada' })
  const other = setUp()
  other.channel.receive(JSON.stringify({ from: 'before', n: 1, change: { kind: 'grants', account: 'bob' } }))
  assert.deepEqual(other.heard, [{ kind: 'grants', accountKey: 'bob' }])
})
