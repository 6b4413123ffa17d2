/** Whose forwarded field and request id are believed; the table stands in docs/operations.md. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { v1, v2, v2Bytes, v2Local } from '../../devkit/clients/proxy-header.ts'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

type Kind = 'off' | 'on' | 'off, unlisted' | 'on, unlisted'

const proxies = new Map<Kind, ProxyUnderTest>()
before(async () => {
  const [listed, unlisted] = [
    ['127.0.0.1', '10.0.0.0/8'],
    ['192.0.2.1', '10.0.0.0/8'],
  ]
  for (const [kind, server] of [
    ['off', { trustedProxies: listed }],
    ['on', { trustedProxies: listed, proxyProtocol: true }],
    ['off, unlisted', { trustedProxies: unlisted }],
    ['on, unlisted', { trustedProxies: unlisted, proxyProtocol: true }],
  ] as const)
    proxies.set(kind, await startProxy({ configure: configured(server) }))
})
after(async () => {
  for (const proxy of proxies.values()) await proxy.close()
})

const CLIENT = '203.0.113.7'
const CLAIMED = '198.51.100.1'
const BALANCER = '10.1.2.3'
const PEER = '127.0.0.1'

const unspecified = v2Bytes(0x21, 0, Buffer.alloc(0))
const unix = v2Bytes(0x21, 0x31, Buffer.alloc(216))

const rows: [kind: Kind, header: Buffer, what: string, forwarded: string, address: string, isBelieved: boolean][] = [
  ['off', Buffer.alloc(0), 'a listed peer without PROXY protocol', CLAIMED, CLAIMED, true],
  ['off, unlisted', Buffer.alloc(0), 'an unlisted peer without PROXY protocol', CLAIMED, PEER, false],
  ['on, unlisted', Buffer.alloc(0), 'an unlisted peer with PROXY protocol', CLAIMED, PEER, false],
  ['on', v2(CLIENT), 'a header that names a client', CLAIMED, CLIENT, false],
  ['on', v1(CLIENT), 'a header of version 1 that names a client', CLAIMED, CLIENT, false],
  ['on', v2(BALANCER), 'a header that names a listed proxy', CLAIMED, CLAIMED, true],
  ['on', v2(BALANCER), 'a header that names a listed proxy behind another', `${CLAIMED}, 10.9.9.9`, CLAIMED, true],
  ['on', v1(`::ffff:${BALANCER}`, 'TCP6'), 'a header that names a listed proxy, mapped', CLAIMED, CLAIMED, true],
  ['on', v2(PEER), 'a header that names the peer itself', CLAIMED, CLAIMED, true],
  ['on', v2Local, 'LOCAL', CLAIMED, PEER, false],
  ['on', Buffer.from('PROXY UNKNOWN\r\n'), 'UNKNOWN', CLAIMED, PEER, false],
  ['on', unspecified, 'an unspecified family', CLAIMED, PEER, false],
  ['on', unix, 'a UNIX socket', CLAIMED, PEER, false],
]

rows.forEach(([kind, header, what, forwarded, address, isBelieved], index) => {
  const verdict = isBelieved ? 'believed' : 'not believed'
  test(`${what}: the address is ${address}, and fields of the request are ${verdict}`, async () => {
    const proxy = proxies.get(kind)
    assert.ok(proxy)
    const connection = await proxy.connect()
    const requestId = `id-of-the-sender-${index}`
    const forwardedFields = [
      `X-Forwarded-For: ${forwarded}`,
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil.example',
    ]
    const fields = [proxy.host, patField, ...forwardedFields, `X-Request-Id: ${requestId}`]
    connection.send(Buffer.concat([header, Buffer.from(requestText('GET /', fields))]))
    const response = await connection.response()
    assert.equal(response.status, 200)
    const sent = proxy.origin.requests.at(-1)
    assert.deepEqual(
      [(await proxy.record(response))['client.address'], sent?.all('X-Forwarded-For')],
      [address, [address]],
    )
    assert.equal(response.one('X-Request-Id') === requestId, isBelieved)
    // Scheme and host come from publicUrl, whoever speaks.
    assert.deepEqual([sent?.all('X-Forwarded-Proto'), sent?.all('X-Forwarded-Host')], [['http'], [proxy.host.slice(6)]])
    connection.close()
  })
})
