import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseUpnDnsInfo } from '../../../src/kerberos/upn-dns-info.ts'

/** MS-PAC 2.10, with flag S. */
function info(upn: string, sam: string): Buffer {
  const texts = [upn, 'CORP.TEST', sam].map(text => Buffer.from(text, 'utf16le'))
  const head = Buffer.alloc(24)
  let offset = head.length
  for (const [index, text] of texts.entries()) {
    const position = index === 2 ? 12 : index * 4
    head.writeUInt16LE(text.length, position)
    head.writeUInt16LE(offset, position + 2)
    offset += text.length
  }
  head.writeUInt32LE(2, 8)
  return Buffer.concat([head, ...texts])
}

describe('UPN_DNS_INFO', () => {
  it('names UPN and sAMAccountName', () => {
    assert.deepEqual(parseUpnDnsInfo(info('alice@corp.test', 'Alice')), {
      upn: 'alice@corp.test',
      samAccountName: 'Alice',
    })
  })

  it('without flag S names the UPN alone', () => {
    const short = info('alice@corp.test', 'Alice')
    short.writeUInt32LE(0, 8)
    assert.deepEqual(parseUpnDnsInfo(short), { upn: 'alice@corp.test' })
  })

  it('leaves out what is malformed', () => {
    assert.deepEqual(parseUpnDnsInfo(Buffer.alloc(0)), {})
    assert.deepEqual(parseUpnDnsInfo(Buffer.alloc(11, 0xff)), {})
    assert.deepEqual(parseUpnDnsInfo(Buffer.alloc(64, 0xff)), {})
    const whole = info('alice@corp.test', 'Alice')
    for (let length = 0; length < whole.length; length++) {
      const { upn = 'alice@corp.test', samAccountName } = parseUpnDnsInfo(whole.subarray(0, length))
      assert.deepEqual({ upn, samAccountName }, { upn: 'alice@corp.test', samAccountName: undefined })
    }
    assert.deepEqual(parseUpnDnsInfo(info('alice@corp.test', 'Alice')), {
      upn: 'alice@corp.test',
      samAccountName: 'Alice',
    })
  })

  it('without flag S names the UPN alone', () => {
    const short = info('alice@corp.test', 'Alice')
    short.writeUInt32LE(0, 8)
    assert.deepEqual(parseUpnDnsInfo(short), { upn: 'alice@corp.test' })
  })

  it('leaves out what is malformed', () => {
    assert.deepEqual(parseUpnDnsInfo(Buffer.alloc(0)), {})
    assert.deepEqual(parseUpnDnsInfo(Buffer.alloc(11, 0xff)), {})
    assert.deepEqual(parseUpnDnsInfo(Buffer.alloc(64, 0xff)), {})
    const whole = info('alice@corp.test', 'Alice')
    for (let length = 0; length < whole.length; length++)
      assert.doesNotThrow(() => parseUpnDnsInfo(whole.subarray(0, length)))
    assert.deepEqual(parseUpnDnsInfo(info('al\0ice', 'Alice')), { samAccountName: 'Alice' })
  })
})
