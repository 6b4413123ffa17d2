import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { StealingCipher } from '../../../../src/kerberos/protocol/ciphertext-stealing.ts'
import { EncryptionKey } from '../../../../src/kerberos/protocol/encryption-key.ts'
import { deriveKey, ENCTYPES, enctypeOf } from '../../../../src/kerberos/protocol/enctype.ts'
import { nFold } from '../../../../src/kerberos/protocol/n-fold.ts'
import { passwordKey, stringToKey } from '../../../../src/kerberos/protocol/string-to-key.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
const ascii = (text: string) => Buffer.from(text, 'latin1')
const octetsOf = (key: EncryptionKey) => key.read(octets => Buffer.from(octets).toString('hex'))

function encrypted(cipher: StealingCipher, plain: Uint8Array): Buffer {
  const octets = Buffer.from(plain)
  cipher.encrypt(octets)
  return octets
}

describe('n-fold', () => {
  it('agrees with RFC 3961 A.1', () => {
    const vectors: readonly (readonly [string, number, string])[] = [
      ['012345', 8, 'be072631276b1955'],
      ['password', 7, '78a07b6caf85fa'],
      ['Rough Consensus, and Running Code', 8, 'bb6ed30870b7f0e0'],
      ['password', 21, '59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e'],
      ['MASSACHVSETTS INSTITVTE OF TECHNOLOGY', 24, 'db3b0d8f0b061e603282b308a50841229ad798fab9540c1b'],
      ['Q', 21, '518a54a2 15a8452a 518a54a2 15a8452a 518a54a2 15'],
      ['ba', 21, 'fb25d531 ae897449 9f52fd92 ea9857c4 ba24cf29 7e'],
      ['kerberos', 8, '6b65726265726f73'],
      ['kerberos', 16, '6b65726265726f737b9b5b2b93132b93'],
      ['kerberos', 21, '8372c236344e5f1550cd0747e15d62ca7a5a3bcea4'],
      ['kerberos', 32, '6b65726265726f737b9b5b2b93132b935c9bdcdad95c9899c4cae4dee6d6cae4'],
    ]
    for (const [input, size, expected] of vectors)
      assert.equal(nFold(ascii(input), size).toString('hex'), expected.replaceAll(' ', ''), `${size}-fold of ${input}`)
  })
})

describe('ciphertext stealing', () => {
  it('agrees with RFC 3962 B', () => {
    const key = ascii('chicken teriyaki')
    const plain = ascii("I would like the General Gau's Chicken, please, and wonton soup.")
    const vectors: readonly (readonly [number, string])[] = [
      [17, 'c6353568f2bf8cb4d8a580362da7ff7f97'],
      [31, 'fc00783e0efdb2c1d445d4c8eff7ed2297687268d6ecccc0c07b25e25ecfe5'],
      [32, '39312523a78662d5be7fcbcc98ebf5a897687268d6ecccc0c07b25e25ecfe584'],
      [47, '97687268d6ecccc0c07b25e25ecfe584b3fffd940c16a18c1b5549d2f838029e39312523a78662d5be7fcbcc98ebf5'],
      [48, '97687268d6ecccc0c07b25e25ecfe5849dad8bbb96c4cdc03bc103e1a194bbd839312523a78662d5be7fcbcc98ebf5a8'],
      [
        64,
        '97687268d6ecccc0c07b25e25ecfe58439312523a78662d5be7fcbcc98ebf5a84807efe836ee89a526730dbc2f7bc8409dad8bbb96c4cdc03bc103e1a194bbd8',
      ],
    ]
    using stealing = new StealingCipher(key)
    for (const [length, expected] of vectors) {
      const cipher = encrypted(stealing, plain.subarray(0, length))
      assert.equal(cipher.toString('hex'), expected, `${length} octets`)
      assert.deepEqual(stealing.decrypt(cipher), plain.subarray(0, length))
    }
  })
})

describe('a cipher that is kept', () => {
  it('says what a new one says, whatever went before', () => {
    const key = Buffer.alloc(32, 5)
    using kept = new StealingCipher(key)
    // Short ones, and some that are longer than the room that is kept.
    const message = fc.oneof(
      fc.uint8Array({ minLength: 16, maxLength: 200 }),
      fc.uint8Array({ minLength: 4070, maxLength: 4130 }),
    )
    fc.assert(
      fc.property(message, plain => {
        using fresh = new StealingCipher(key)
        const cipher = encrypted(fresh, plain)
        assert.deepEqual(encrypted(kept, plain), cipher)
        assert.deepEqual(kept.decrypt(cipher), Buffer.from(plain))
      }),
    )
  })

  it('begins anew when it was disposed of', () => {
    using kept = new StealingCipher(Buffer.alloc(16, 5))
    const plain = Buffer.alloc(40, 1)
    const cipher = encrypted(kept, plain)
    kept.decrypt(cipher)
    kept[Symbol.dispose]()
    assert.deepEqual(encrypted(kept, plain), cipher)
    assert.deepEqual(kept.decrypt(cipher), plain)
  })
})

describe('the key of a password', () => {
  it('agrees with RFC 3962 B', async () => {
    const salt = ascii('ATHENA.MIT.EDUraeburn')
    const vectors: readonly (readonly [number, number, string])[] = [
      [17, 1, '42263c6e89f4fc28b8df68ee09799f15'],
      [18, 1, 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161'],
      [17, 1200, '4c01cd46d632d01e6dbe230a01ed642a'],
      [18, 1200, '55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a'],
    ]
    for (const [enctype, iterations, expected] of vectors)
      assert.equal(octetsOf(await passwordKey(enctype, ascii('password'), salt, iterations)), expected)
    const clef = Buffer.from('\u{1d11e}', 'utf8')
    assert.equal(
      octetsOf(await passwordKey(18, clef, ascii('EXAMPLE.COMpianist'), 50)),
      '4b6d9839f84406df1f09cc166db4b83c571848b784a3d6bdc346589a3e393f9e',
    )
  })

  it('agrees with RFC 8009 A', async () => {
    const salt = Buffer.concat([hex('10DF9DD783E5BC8ACEA1730E74355F61'), ascii('ATHENA.MIT.EDUraeburn')])
    assert.equal(octetsOf(await stringToKey(19, ascii('password'), salt)), '089bca48b105ea6ea77ca5d2f39dc5e7')
    assert.equal(
      octetsOf(await stringToKey(20, ascii('password'), salt)),
      '45bd806dbf6a833a9cffc1c94589a222367a79bc21c413718906e9f578a78467',
    )
  })

  it('is not computed with fewer iterations than the default, nor with so many that they cost seconds (pitfall 28)', async () => {
    const count = (iterations: number) => {
      const parameters = Buffer.alloc(4)
      parameters.writeUInt32BE(iterations)
      return parameters
    }
    for (const iterations of [0, 1, 4095, 163_841, 0xffffffff])
      await assert.rejects(stringToKey(18, ascii('x'), ascii('y'), count(iterations)), {
        code: 'iterations-out-of-bounds',
      })
    await assert.rejects(stringToKey(18, ascii('x'), ascii('y'), Buffer.alloc(3)), { code: 'malformed' })
  })
})

describe('derived keys', () => {
  it('agree with RFC 8009 A', () => {
    const short = hex('3705D96080C17728A0E800EAB6E0D23C')
    const long = hex('6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52')
    const derived = (enctype: number, key: Buffer, purpose: 'checksum' | 'encryption' | 'integrity') =>
      deriveKey(enctypeOf(enctype), key, 2, purpose).toString('hex')
    assert.equal(derived(19, short, 'checksum'), 'b31a018a48f54776f403e9a396325dc3')
    assert.equal(derived(19, short, 'encryption'), '9b197dd1e8c5609d6e67c3e37c62c72e')
    assert.equal(derived(19, short, 'integrity'), '9fda0e56ab2d85e1569a688696c26a6c')
    assert.equal(derived(20, long, 'checksum'), 'ef5718be86cc84963d8bbb5031e9f5c4ba41f28faf69e73d')
    assert.equal(derived(20, long, 'encryption'), '56ab22bee63d82d7bc5227f6773f8ea7a5eb1c825160c38312980c442e5c7e49')
    assert.equal(derived(20, long, 'integrity'), '69b16514e3cd8e56b82010d5c73012b622c4d00ffc23ed1f')
  })
})

describe('an encryption key', () => {
  it('opens the ciphertexts of RFC 8009 A', () => {
    const short = new EncryptionKey(19, hex('3705D96080C17728A0E800EAB6E0D23C'))
    const long = new EncryptionKey(20, hex('6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52'))
    const empty = hex('EF85FB890BB8472F4DAB20394DCA781DAD877EDA39D50C870C0D5A0A8E48C718')
    assert.equal(short.decrypt(2, empty).length, 0)
    const six = hex('84D7F30754ED987BAB0BF3506BEB09CFB55402CEF7E6877CE99E247E52D16ED4421DFDF8976C')
    assert.equal(short.decrypt(2, six).toString('hex'), '000102030405')
    const longSix = hex('4ED7B37C2BCAC8F74F23C1CF07E62BC7B75FB3F637B9F559C7F664F69EAB7B6092237526EA0D1F61CB20D69D10F2')
    assert.equal(long.decrypt(2, longSix).toString('hex'), '000102030405')
  })

  it('makes the checksums of RFC 8009 A', () => {
    const plain = hex('000102030405060708090A0B0C0D0E0F1011121314')
    const short = new EncryptionKey(19, hex('3705D96080C17728A0E800EAB6E0D23C'))
    assert.equal(short.checksum(2, plain).toString('hex'), 'd78367186643d67b411cba9139fc1dee')
    const long = new EncryptionKey(20, hex('6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52'))
    assert.equal(long.checksum(2, plain).toString('hex'), '45ee791567eefca37f4ac1e0222de80d43c3bfa06699672a')
  })

  it('opens what it closed, of any length, and nothing that was changed, under another usage or another key', () => {
    const anyKey = fc
      .constantFrom(...ENCTYPES)
      .chain(enctype =>
        fc
          .uint8Array({ minLength: enctypeOf(enctype).keyBytes, maxLength: enctypeOf(enctype).keyBytes })
          .map(octets => new EncryptionKey(enctype, octets)),
      )
    fc.assert(
      fc.property(anyKey, anyKey, fc.uint8Array({ maxLength: 100 }), fc.nat(), (key, other, plain, place) => {
        const cipher = key.encrypt(2, plain)
        assert.deepEqual(new Uint8Array(key.decrypt(2, cipher)), plain)
        assert.throws(() => key.decrypt(3, cipher), { code: 'integrity' })
        assert.throws(() => other.decrypt(2, cipher), { code: 'integrity' })
        const changed = Buffer.from(cipher)
        const at = place % changed.length
        changed[at] = (changed[at] ?? 0) ^ 1
        assert.throws(() => key.decrypt(2, changed), { code: 'integrity' })
        assert.throws(() => key.decrypt(2, cipher.subarray(1)), { code: 'integrity' })
      }),
      { numRuns: 200 },
    )
  })

  it('is overwritten when it is disposed of, and of no use from then on', () => {
    for (const enctype of ENCTYPES) {
      const key = new EncryptionKey(enctype, Buffer.alloc(enctypeOf(enctype).keyBytes, 7))
      const cipher = key.encrypt(2, Buffer.from('plain'))
      const octets = key.read(own => own)
      assert(octets.every(octet => octet === 7))
      key[Symbol.dispose]()
      assert(octets.every(octet => octet === 0))
      for (const use of [() => key.read(own => own), () => key.decrypt(2, cipher), () => key.encrypt(2, cipher)])
        assert.throws(use, /disposed of/)
    }
  })

  it('is never RC4 or DES, nor of a wrong length', () => {
    for (const enctype of [1, 3, 16, 23, 24, -128])
      assert.throws(() => new EncryptionKey(enctype, Buffer.alloc(16)), { code: 'enctype-unsupported' })
    assert.throws(() => new EncryptionKey(18, Buffer.alloc(16)), { code: 'malformed' })
  })
})
