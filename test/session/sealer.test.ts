import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Sealer } from '../../src/session/sealer.ts'

const [oldKey, newKey] = [randomBytes(32), randomBytes(32)]

test('what was sealed opens again, and no two seals look alike', () => {
  const sealer = new Sealer([newKey])
  const [one, other] = [sealer.seal('refresh tökén', 'session'), sealer.seal('refresh tökén', 'session')]
  assert.notEqual(one, other)
  assert.doesNotMatch(one, /refresh/)
  assert.equal(sealer.open(one, 'session'), 'refresh tökén')
  assert.equal(sealer.open(other, 'session'), 'refresh tökén')
})

test('a text sealed for one record does not open for another', () => {
  const sealer = new Sealer([newKey])
  assert.equal(sealer.open(sealer.seal('token', 'session a'), 'session b'), undefined)
})

test('with the old key second in the list, what it sealed still opens, and new seals are by the new key', () => {
  const sealed = new Sealer([oldKey]).seal('token', 'session')
  const rotated = new Sealer([newKey, oldKey])
  assert.equal(rotated.open(sealed, 'session'), 'token')
  assert.equal(new Sealer([newKey]).open(rotated.seal('fresh', 'session'), 'session'), 'fresh')
})

test('with the old key gone, what it sealed opens no more', () => {
  assert.equal(new Sealer([newKey]).open(new Sealer([oldKey]).seal('token', 'session'), 'session'), undefined)
})

test('a seal that was cut short or changed in any one character does not open', () => {
  const sealer = new Sealer([newKey])
  const sealed = sealer.seal('token', 'session')
  for (let at = 0; at < sealed.length; at++) {
    assert.equal(sealer.open(sealed.slice(0, at), 'session'), undefined, `cut at ${at}`)
    // The last character of base64url may carry bits that count for nothing: change the one before it at the end.
    const other = sealed[at] === 'A' ? 'Q' : 'A'
    if (at < sealed.length - 1)
      assert.equal(sealer.open(sealed.slice(0, at) + other + sealed.slice(at + 1), 'session'), undefined, `at ${at}`)
  }
  for (const junk of ['', '.', '..', 'v1', 'v1..', `v1.${sealed.split('.')[1]}.`])
    assert.equal(sealer.open(junk, 'session'), undefined)
})

test('a sealer without a key cannot be made', () => {
  assert.throws(() => new Sealer([]), TypeError)
})
