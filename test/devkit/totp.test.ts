import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { newTotpSecret, totp, verifyTotp } from '../../devkit/op/totp.ts'

/** The secret of RFC 6238 appendix B, "12345678901234567890", in base32. */
const rfcSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

test('codes are those of RFC 6238 appendix B, in their last six digits', () => {
  const vectors: [timeS: number, code: string][] = [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ]
  for (const [timeS, code] of vectors) assert.equal(totp(rfcSecret, timeS * 1000), code)
})

test('a code is accepted one step early and one step late, and no further', () => {
  const atMs = 1_234_567_890_000
  const accepted = [-2, -1, 0, 1, 2].map(steps => verifyTotp(rfcSecret, totp(rfcSecret, atMs + steps * 30_000), atMs))
  assert.deepEqual(accepted, [false, true, true, true, false])
})

test('text that is no six-digit code is refused', () => {
  for (const code of ['', '12345', '1234567', 'abcdef', ' 05924', '٠٠٥٩٢٤']) {
    assert.equal(verifyTotp(rfcSecret, code, 1_234_567_890_000), false, JSON.stringify(code))
  }
})

test('a new secret is 32 base32 characters and makes codes that verify', () => {
  const secret = newTotpSecret(randomBytes)
  assert.match(secret, /^[A-Z2-7]{32}$/)
  assert.equal(verifyTotp(secret, totp(secret, 0), 0), true)
  assert.equal(
    newTotpSecret(() => Buffer.from('12345678901234567890')),
    rfcSecret,
  )
})

test('a secret that is not base32 is refused with a reason', () => {
  assert.throws(() => totp('not base32!', 0), /base32/)
})
