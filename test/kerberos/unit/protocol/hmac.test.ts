import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { writeHmac } from '../../../../src/kerberos/protocol/hmac.ts'

test('an HMAC by two hashes agrees with that of OpenSSL, for short texts and for long ones', () => {
  const text = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 3_900, maxLength: 4_200 }))
  const hashes = fc.constantFrom('sha1' as const, 'sha256' as const, 'sha384' as const)
  const key = fc.uint8Array({ minLength: 16, maxLength: 64 })
  fc.assert(
    fc.property(hashes, key, fc.array(text, { maxLength: 3 }), (hash, octets, parts) => {
      const written = Buffer.alloc(30, 1)
      writeHmac(hash, octets, parts, written, 5, 16)
      const hmac = createHmac(hash, octets)
      for (const part of parts) hmac.update(part)
      const expected = [Buffer.alloc(5, 1), hmac.digest().subarray(0, 16), Buffer.alloc(9, 1)]
      assert.deepEqual(written, Buffer.concat(expected))
    }),
  )
})

// RFC 2202 3.
test('an HMAC agrees with RFC 2202', () => {
  const written = Buffer.alloc(20)
  writeHmac('sha1', Buffer.alloc(20, 0x0b), [Buffer.from('Hi There')], written, 0, 20)
  assert.equal(written.toString('hex'), 'b617318655057264e28bc0b6fb378c8ef146be00')
  writeHmac('sha1', Buffer.from('Jefe'), [Buffer.from('what do ya want '), Buffer.from('for nothing?')], written, 0, 20)
  assert.equal(written.toString('hex'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
})
