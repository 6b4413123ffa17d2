import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { configured, type ProxyUnderTest, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let untrusting: ProxyUnderTest
let trusting: ProxyUnderTest
let mapped: ProxyUnderTest
let standard: ProxyUnderTest
before(async () => {
  const trustedProxies = ['127.0.0.0/8', '10.0.0.0/8']
  untrusting = await startProxy()
  trusting = await startProxy({ configure: configured({ trustedProxies }) })
  mapped = await startProxy({ configure: configured({ trustedProxies: ['::ffff:10.0.0.0/104'] }) })
  standard = await startProxy({ configure: configured({ trustedProxies, forwardedField: 'Forwarded' }) })
})
after(async () => {
  for (const proxy of [untrusting, trusting, mapped, standard]) await proxy.close()
})

async function addressSeen(proxy: ProxyUnderTest, ...fields: string[]): Promise<string[] | undefined> {
  const response = await proxy.pass('GET /', fields)
  assert.equal(response.status, 200)
  const seen = proxy.origin.requests.at(-1)?.all('X-Forwarded-For')
  assert.deepEqual([(await proxy.record(response))['client.address']], seen)
  return seen
}

test('a forwarded field of a peer that is not listed is not believed', async () => {
  assert.deepEqual(await addressSeen(untrusting, 'X-Forwarded-For: 203.0.113.7', 'Forwarded: for=203.0.113.7'), [
    '127.0.0.1',
  ])
})

test('a range written as IPv4-mapped IPv6 trusts no more than it says (CVE-2026-92395)', async () => {
  assert.deepEqual(await addressSeen(mapped, 'X-Forwarded-For: 203.0.113.7'), ['127.0.0.1'])
})

/** X-Forwarded-For values and the client address they mean when 127.0.0.0/8 and 10.0.0.0/8 are trusted. */
const chains: [value: string, address: string][] = [
  ['203.0.113.7', '203.0.113.7'],
  ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, 10.1.2.3', '203.0.113.7'],
  ['198.51.100.1, 203.0.113.7, 10.1.2.3, 10.9.9.9', '203.0.113.7'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['[2001:db8::7]:4711', '2001:db8::7'],
  ['2001:DB8:0::7', '2001:db8::7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['203.0.113.7, ::ffff:10.1.2.3', '203.0.113.7'],
  ['203.0.113.7, nonsense, 10.1.2.3', '10.1.2.3'],
  ['nonsense', '127.0.0.1'],
  ['', '127.0.0.1'],
  ['203.0.113.7,', '127.0.0.1'],
  ['unknown', '127.0.0.1'],
  ['0x7f.1', '127.0.0.1'],
]

for (const [value, address] of chains) {
  test(`from a listed peer, X-Forwarded-For: ${value} means ${address}`, async () => {
    assert.deepEqual(await addressSeen(trusting, `X-Forwarded-For: ${value}`), [address])
  })
}

test('several X-Forwarded-For lines are one list', async () => {
  const fields = ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.7', 'X-Forwarded-For: 10.1.2.3']
  assert.deepEqual(await addressSeen(trusting, ...fields), ['203.0.113.7'])
})

test('the field that is not configured is ignored, also from a listed peer', async () => {
  assert.deepEqual(await addressSeen(trusting, 'Forwarded: for=203.0.113.7'), ['127.0.0.1'])
  assert.deepEqual(await addressSeen(standard, 'X-Forwarded-For: 203.0.113.7'), ['127.0.0.1'])
})

/** Forwarded values (RFC 7239) and the client address they mean. */
const standards: [value: string, address: string][] = [
  ['for=203.0.113.7', '203.0.113.7'],
  ['For="203.0.113.7:4711";proto=https;by=10.0.0.1', '203.0.113.7'],
  ['proto=http;for="[2001:db8::7]:4711"', '2001:db8::7'],
  ['for=198.51.100.1, for=203.0.113.7, for=10.1.2.3', '203.0.113.7'],
  ['for=_hidden, for=10.1.2.3', '10.1.2.3'],
  ['for=203.0.113.7, proto=https', '127.0.0.1'],
  ['for="203.0.113.7, for=10.1.2.3', '10.1.2.3'],
  ['host="a,for=198.51.100.1";for=203.0.113.7', '203.0.113.7'],
  ['host="a\\",for=198.51.100.1\\\\";for=203.0.113.7', '203.0.113.7'],
  // What a client wrote, with a quote left open, and the proxy appended to.
  ['for=198.51.100.1;x=", for="[2001:db8::7]"', '2001:db8::7'],
  ['for=198.51.100.1;x=", for="203.0.113.7:4711";proto=https', '203.0.113.7'],
  ['for=198.51.100.1;x=", for=203.0.113.7;host="devops.example"', '203.0.113.7'],
  ['for=198.51.100.1;x="\\, for="203.0.113.7:4711"', '203.0.113.7'],
  ['for=198.51.100.1;x=", for="203.0.113.7:4711", for="10.1.2.3:4711"', '203.0.113.7'],
]

for (const [value, address] of standards) {
  test(`from a listed peer, Forwarded: ${value} means ${address}`, async () => {
    assert.deepEqual(await addressSeen(standard, `Forwarded: ${value}`), [address])
  })
}

test('a quote that a client leaves open in its Forwarded line takes in nothing of the line of the proxy', async () => {
  const lines = ['Forwarded: for=198.51.100.1;x="', 'Forwarded: for="[2001:db8::7]:4711"']
  assert.deepEqual(await addressSeen(standard, ...lines), ['2001:db8::7'])
})

test('of a long Forwarded field the end is read, and no element in part', async () => {
  const filler = 'for=198.51.100.1, '.repeat(1000)
  assert.deepEqual(await addressSeen(standard, `Forwarded: ${filler}for=203.0.113.7, for=10.1.2.3`), ['203.0.113.7'])
  const long = `for=10.1.2.3;x=${'x'.repeat(10_000)};for=198.51.100.1`
  assert.deepEqual(await addressSeen(standard, `Forwarded: ${long}, for=10.1.2.4`), ['10.1.2.4'])
})

test('an address from outside never changes the scheme or host the origin is told', async () => {
  await trusting.pass('GET /', [
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-For: 203.0.113.7',
  ])
  const received = trusting.origin.requests.at(-1)
  assert.deepEqual(received?.all('X-Forwarded-Proto'), ['http'])
  assert.deepEqual(received?.all('X-Forwarded-Host'), [`127.0.0.1:${trusting.fixture.port}`])
})
