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
  const heartbeat = () => channel.heartbeat() ?? assert.fail('nobody else was heard: it has to beat')
  return { changes, heard, sent, channel, heartbeat, malformed: () => malformed }
}

const CHANGE: Change = { kind: 'session', key: 'k' }
const MISSED: Change = { kind: 'missed' }

test('a change comes to others as it was, of every kind, and not back to who made it', () => {
  const [one, other] = [setUp(), setUp()]
  const all: Change[] = [
    CHANGE,
    { kind: 'account', account: 'ada' },
    { kind: 'session-ended', key: 'k' },
    { kind: 'grant-ended', accountKey: storedAccountKey('ada'), id: 'g' },
    { kind: 'op-logout', id: 'm', untilMs: 3 },
    { kind: 'grants', accountKey: storedAccountKey('ada') },
    { kind: 'pat', fingerprint: 'f' },
    { kind: 'pat-blocked', accountKey: storedAccountKey('ada'), fingerprint: 'f', decidedAtMs: 1 },
    {
      ...{ kind: 'pat-withdrawn', accountKey: storedAccountKey('ada'), fingerprint: 'f', network: '10.0.0.0/8' },
      ...{ decidedAtMs: 1, expiresAtMs: 2 },
    },
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
  other.channel.receive(one.heartbeat())
  one.changes.publish(CHANGE)
  assert.deepEqual(other.heard, [])
  other.channel.receive(one.heartbeat())
  assert.deepEqual(other.heard, [MISSED])
  other.channel.receive(one.heartbeat())
  assert.deepEqual(other.heard, [MISSED])
})

test('one that misses its own message knows that it may have missed those of others', () => {
  const one = setUp()
  one.channel.receive(one.heartbeat())
  one.heartbeat()
  one.channel.receive(one.heartbeat())
  assert.deepEqual(one.heard, [MISSED])
})

test('a message that comes late or twice is heard, and no sign that something is missing', () => {
  const [one, other] = [setUp(), setUp()]
  const [first, second] = [one.heartbeat(), one.heartbeat()]
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
    { kind: 'grant-ended', id: 'g' },
    { kind: 'op-logout', id: 'm' },
    { kind: 'pat-blocked', fingerprint: 'f' },
    { kind: 'pat-withdrawn', account: 'ada', fingerprint: 'f' },
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

test('a block of a version before, which does not say when, counts less than anything that was decided since', () => {
  const { channel, heard } = setUp()
  const change = { kind: 'pat-blocked', account: 'ada', fingerprint: 'f' }
  channel.receive(JSON.stringify({ from: 'before', n: 1, change }))
  assert.deepEqual(heard, [{ kind: 'pat-blocked', accountKey: 'ada', fingerprint: 'f', decidedAtMs: 1 }])
})

/** Each hears what all send, once a second and in the order of its sender; what `loses` says, it does not. */
function runForSeconds(
  processes: readonly ReturnType<typeof setUp>[],
  seconds: number,
  loses: (index: number) => boolean = () => false,
): number[] {
  return Array.from({ length: seconds }, () => {
    const published = processes.flatMap(({ sent }) => sent.splice(0))
    const beats = processes.flatMap(({ channel }) => channel.heartbeat() ?? [])
    const messages = [...published, ...beats]
    for (const [index, { channel }] of processes.entries())
      if (!loses(index)) for (const message of messages) channel.receive(message)
    return beats.length
  })
}

test('however many processes there are, all together send 16 heartbeats a second, and each is known to all', () => {
  const processes = Array.from({ length: 160 }, setUp)
  runForSeconds(processes, 30)
  const beats = runForSeconds(processes, 100)
  const sum = beats.reduce((total, one) => total + one, 0)
  assert.ok(sum <= 17 * 100, `${sum} heartbeats in 100 seconds`)
  for (const { heard } of processes) assert.deepEqual(heard, [])
})

test('among 160 processes, one that misses the last message of another learns of it within 10 seconds', () => {
  const processes = Array.from({ length: 160 }, setUp)
  runForSeconds(processes, 30)
  processes[7]?.changes.publish(CHANGE)
  runForSeconds(processes, 1, index => index === 3)
  runForSeconds(processes, 10)
  assert.deepEqual(processes[3]?.heard[0], MISSED)
  assert.deepEqual(processes[4]?.heard, [CHANGE])
})

test('one that hears nobody sends a heartbeat each second, as its own way has to be known to work', () => {
  const processes = Array.from({ length: 160 }, setUp)
  runForSeconds(processes, 30)
  const [one] = processes as [ReturnType<typeof setUp>]
  one.channel.heartbeat()
  for (let seconds = 0; seconds < 5; seconds++) assert.notEqual(one.channel.heartbeat(), undefined)
})

test('those that are gone are counted no longer', () => {
  const processes = Array.from({ length: 160 }, setUp)
  runForSeconds(processes, 30)
  const left = processes.slice(0, 4)
  runForSeconds(left, 121)
  assert.deepEqual(runForSeconds(left, 3), [4, 4, 4])
})
