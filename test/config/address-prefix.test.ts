import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf } from '../../config/address-prefix.ts'

const of = (address: string, ipv4PrefixBits: number, ipv6PrefixBits = 56) =>
  networkOf(address, { ipv4PrefixBits, ipv6PrefixBits })

test('the network of an IPv4 address, at every length of the prefix that matters', () => {
  assert.equal(of('203.0.113.77', 32), '203.0.113.77/32')
  assert.equal(of('203.0.113.77', 24), '203.0.113.0/24')
  assert.equal(of('203.0.113.77', 20), '203.0.112.0/20')
  assert.equal(of('255.255.255.255', 1), '128.0.0.0/1')
  assert.equal(of('255.255.255.255', 0), '0.0.0.0/0')
  assert.equal(of('::ffff:192.0.2.9', 24), '192.0.2.0/24')
})

test('the network of an IPv6 address', () => {
  assert.equal(of('2001:db8:12:34ff::1', 24), '2001:db8:12:3400::/56')
  assert.equal(of('2001:db8::1', 24, 128), '2001:db8::1/128')
  assert.equal(of('fe80::1%eth0', 24, 64), 'fe80::/64')
})

test('what is no address stands for itself', () => {
  assert.equal(of('unknown', 24), 'unknown')
})
