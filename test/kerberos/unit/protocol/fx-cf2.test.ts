import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enctypeOf } from '../../../../src/kerberos/protocol/enctype.ts'
import { combineKeys, pseudoRandom } from '../../../../src/kerberos/protocol/fx-cf2.ts'
import { passwordKey } from '../../../../src/kerberos/protocol/string-to-key.ts'

const keyOf = (etype: number, name: string) => passwordKey(etype, Buffer.from(name), Buffer.from(name), 4096)

test('one key of two agrees with RFC 6113 A', async () => {
  const vectors = [
    [17, '97df97e4b798b29eb31ed7280287a92a'],
    [18, '4d6ca4e629785c1f01baf55e2e548566b9617ae3a96868c337cb93b5e72b1c7b'],
  ] as const
  for (const [etype, expected] of vectors) {
    using key = combineKeys(await keyOf(etype, 'key1'), await keyOf(etype, 'key2'), 'a', 'b')
    assert.equal(key.enctype.number, etype)
    assert.equal(
      key.read(octets => Buffer.from(octets).toString('hex')),
      expected,
    )
  }
})

test('the pseudo-random function agrees with RFC 8009 A', () => {
  const vectors = [
    [...[19, '3705D96080C17728A0E800EAB6E0D23C'], '9D188616F63852FE86915BB840B4A886FF3E6BB0F819B49B893393D393854295'],
    [
      ...[20, '6D404D37FAF79F9DF0D33568D320669800EB4836472EA8A026D16B7182460C52'],
      '9801F69A368C2BF675E59521E177D9A07F67EFE1CFDE8D3C8D6F6A0256E3B17DB3C1B62AD1B8553360D17367EB1514D2',
    ],
  ] as const
  for (const [etype, key, expected] of vectors) {
    const found = pseudoRandom(enctypeOf(Number(etype)), Buffer.from(String(key), 'hex'), Buffer.from('test'))
    assert.equal(found.toString('hex'), expected.toLowerCase())
  }
})
