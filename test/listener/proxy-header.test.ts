import assert from 'node:assert/strict'
import { test } from 'node:test'
import { v1, v2, v2Bytes, v2Local } from '../../devkit/clients/proxy-header.ts'
import { parseProxyHeader } from '../../src/listener/proxy-header.ts'

const v6Block = Buffer.from(`${'20010db8'}${'0'.repeat(23)}7${'20010db8'}${'0'.repeat(23)}1${'126701bb'}`, 'hex')
const mappedBlock = Buffer.from(`${'0'.repeat(20)}ffffcb007107${'0'.repeat(32)}${'126701bb'}`, 'hex')
const line = (text: string) => Buffer.from(`${text}\r\n`, 'latin1')

/** Headers and the source they mean. */
const valid: Record<string, [header: Buffer, source: string | undefined]> = {
  'v1 over IPv4': [v1('203.0.113.7'), '203.0.113.7'],
  'v1 over IPv6': [v1('2001:DB8:0::7', 'TCP6'), '2001:db8::7'],
  'v1 over IPv4-mapped IPv6': [v1('::ffff:203.0.113.7', 'TCP6'), '203.0.113.7'],
  'v1 of the longest kind': [line(`PROXY UNKNOWN ${'f'.repeat(91)}`), undefined],
  'v1 UNKNOWN': [line('PROXY UNKNOWN'), undefined],
  'v1 UNKNOWN with an address that must be ignored': [line('PROXY UNKNOWN 203.0.113.7 192.0.2.1 4711 443'), undefined],
  'v1 with ports at their bounds': [line('PROXY TCP4 203.0.113.7 192.0.2.1 0 65535'), '203.0.113.7'],
  'v2 over IPv4': [v2('203.0.113.7'), '203.0.113.7'],
  'v2 over IPv6': [v2Bytes(0x21, 0x21, v6Block), '2001:db8::7'],
  'v2 over IPv4-mapped IPv6': [v2Bytes(0x21, 0x21, mappedBlock), '203.0.113.7'],
  'v2 with TLVs, which are read over': [v2('203.0.113.7', Buffer.alloc(4000, 1)), '203.0.113.7'],
  'v2 of the longest kind': [v2('203.0.113.7', Buffer.alloc(4096 - 28)), '203.0.113.7'],
  'v2 LOCAL': [v2Local, undefined],
  'v2 LOCAL with an address that must be ignored': [v2Bytes(0x20, 0x11, Buffer.alloc(12, 9)), undefined],
  'v2 LOCAL with a family that must be ignored': [v2Bytes(0x20, 0xff, Buffer.alloc(3)), undefined],
  'v2 of an unspecified family': [v2Bytes(0x21, 0, Buffer.alloc(0)), undefined],
  'v2 over UDP': [v2Bytes(0x21, 0x12, Buffer.alloc(12, 9)), undefined],
  'v2 from a UNIX socket': [v2Bytes(0x21, 0x31, Buffer.alloc(216, 47)), undefined],
}

for (const [what, [header, source]] of Object.entries(valid)) {
  test(`${what}: ${source ?? 'no client is named'}, and nothing of what follows is taken`, () => {
    const followed = Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\n\r\n')])
    assert.deepEqual(parseProxyHeader(followed), { length: header.length, source })
    assert.deepEqual(parseProxyHeader(header), { length: header.length, source })
  })

  test(`${what}: each beginning of it is incomplete`, () => {
    for (let length = 0; length < header.length; length++)
      assert.equal(parseProxyHeader(header.subarray(0, length)), 'incomplete', `${length} bytes`)
  })
}

const invalid: Record<string, Buffer> = {
  'a request': Buffer.from('GET / HTTP/1.1\r\n'),
  'a TLS record': Buffer.from([22, 3, 1]),
  'one wrong byte': Buffer.from('Q'),
  'the second byte wrong': Buffer.from('PXOXY'),
  'the word in lower case': line('proxy TCP4 203.0.113.7 192.0.2.1 4711 443'),
  'a line longer than 107 bytes': Buffer.from(`PROXY UNKNOWN ${'f'.repeat(93)}`),
  'a CRLF that comes one byte too late': line(`PROXY UNKNOWN ${'f'.repeat(92)}`),
  'a line ended by LF': Buffer.concat([Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\n'), line('')]),
  'a lone CR': line('PROXY UNKNOWN a\rb'),
  'two spaces': line('PROXY TCP4  203.0.113.7 192.0.2.1 4711 443'),
  'a tab': line('PROXY\tTCP4 203.0.113.7 192.0.2.1 4711 443'),
  'a missing port': line('PROXY TCP4 203.0.113.7 192.0.2.1 4711'),
  'more than there should be': line('PROXY TCP4 203.0.113.7 192.0.2.1 4711 443 1'),
  'a leading zero in a port': line('PROXY TCP4 203.0.113.7 192.0.2.1 04711 443'),
  'a port above 65535': line('PROXY TCP4 203.0.113.7 192.0.2.1 65536 443'),
  'a leading zero in an address': line('PROXY TCP4 203.0.113.07 192.0.2.1 4711 443'),
  'a name in place of the address': line('PROXY TCP4 localhost 192.0.2.1 4711 443'),
  'an IPv6 address called IPv4': line('PROXY TCP4 2001:db8::7 192.0.2.1 4711 443'),
  'an IPv4 address called IPv6': line('PROXY TCP6 203.0.113.7 2001:db8::1 4711 443'),
  'an address with a zone': line('PROXY TCP6 fe80::7%eth0 2001:db8::1 4711 443'),
  'a wrong destination': line('PROXY TCP4 203.0.113.7 nowhere 4711 443'),
  'an unknown family': line('PROXY UDP4 203.0.113.7 192.0.2.1 4711 443'),
  'UNKNOWN with something attached': line('PROXY UNKNOWNS'),
  'version 1 in binary': v2Bytes(0x11, 0x11, Buffer.alloc(12)),
  'version 3': v2Bytes(0x31, 0x11, Buffer.alloc(12)),
  'an unknown command': v2Bytes(0x22, 0x11, Buffer.alloc(12)),
  'an unknown binary family': v2Bytes(0x21, 0x41, Buffer.alloc(12)),
  'an unknown transport': v2Bytes(0x21, 0x13, Buffer.alloc(12)),
  'less than two IPv4 addresses and ports': v2Bytes(0x21, 0x11, Buffer.alloc(11)),
  'less than two IPv6 addresses and ports': v2Bytes(0x21, 0x21, Buffer.alloc(35)),
  'a length above the bound, told at once': v2Bytes(0x21, 0x11, Buffer.alloc(0), 4097 - 16),
  'the greatest length there is': v2Bytes(0x20, 0, Buffer.alloc(0), 65_535),
  'a damaged signature': Buffer.from('\r\n\r\n\0\r\nQUIT\r'),
}

for (const [what, bytes] of Object.entries(invalid)) {
  test(`${what} is no header`, () => {
    assert.equal(parseProxyHeader(bytes), 'invalid')
  })
}
