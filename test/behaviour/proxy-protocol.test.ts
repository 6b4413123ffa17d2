import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { v1, v2, v2Bytes, v2Local } from '../../devkit/clients/proxy-header.ts'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { configured, type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
let stranger: ProxyUnderTest
before(async () => {
  const start = (trustedProxies: string[]) =>
    startProxy({ configure: configured({ trustedProxies, proxyProtocol: true, headersTimeoutMs: 1000 }) })
  proxy = await start(['127.0.0.1', '10.0.0.0/8'])
  stranger = await start(['10.0.0.0/8'])
})
after(async () => {
  await proxy.close()
  await stranger.close()
})

const get = (target: string, ...fields: string[]) =>
  Buffer.from(requestText(`GET ${target}`, [proxy.host, patField, ...fields]))

/** The reject records of a Torhaus so far. */
const rejects = ({ fixture }: ProxyUnderTest) =>
  fixture.log
    .filter(entry => entry['event.action'] === 'reject')
    .map(entry => [entry['torhaus.code'], entry['client.address']])

/** Client address that the access record of `target` and the origin have. */
async function addressesOf(target: string): Promise<unknown[]> {
  const record = await proxy.fixture.logged(entry => entry['url.path'] === target)
  return [
    record['client.address'],
    ...(proxy.origin.requests.find(r => r.target === target)?.all('X-Forwarded-For') ?? []),
  ]
}

const headers: [what: string, header: Buffer, address: string][] = [
  ['version 1', v1('203.0.113.1'), '203.0.113.1'],
  ['version 1, IPv4-mapped', v1('::ffff:203.0.113.2', 'TCP6'), '203.0.113.2'],
  ['version 2', v2('203.0.113.3'), '203.0.113.3'],
  ['version 2 with 4 KB of TLVs', v2('203.0.113.4', Buffer.alloc(4000, 4)), '203.0.113.4'],
  ['LOCAL', v2Local, '127.0.0.1'],
  ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
  ['AF_UNIX', v2Bytes(0x21, 0x31, Buffer.alloc(216)), '127.0.0.1'],
]

for (const [what, header, address] of headers) {
  const name = what.replaceAll(/\W/g, '-')

  test(`a header of ${what} with the request in one segment says the client address`, async () => {
    const connection = await proxy.connect()
    connection.send(Buffer.concat([header, get(`/one-${name}`)]))
    assert.equal((await connection.response()).status, 200)
    assert.deepEqual(await addressesOf(`/one-${name}`), [address, address])
    connection.close()
  })

  test(`a header of ${what} may come in single bytes, and the request after a while`, async () => {
    const connection = await proxy.connect()
    connection.socket.setNoDelay(true)
    for (const byte of header.subarray(0, 300)) {
      connection.send(Buffer.from([byte]))
      await new Promise(setImmediate)
    }
    connection.send(header.subarray(300))
    await new Promise(resolve => setTimeout(resolve, 20))
    connection.send(get(`/bytes-${name}`))
    assert.equal((await connection.response()).status, 200)
    assert.deepEqual(await addressesOf(`/bytes-${name}`), [address, address])
    connection.close()
  })
}

test('requests in a row and pipelined on the connection keep the address, content included', async () => {
  const connection = await proxy.connect()
  const content = 'x'.repeat(100_000)
  const post = requestText('POST /kept-1', [proxy.host, patField, `Content-Length: ${content.length}`], content)
  connection.send(Buffer.concat([v2('203.0.113.8'), Buffer.from(post), get('/kept-2'), get('/kept-3')]))
  assert.equal(JSON.parse((await connection.response()).text).bytes, content.length)
  for (let count = 2; count <= 3; count++) assert.equal((await connection.response()).status, 200)
  connection.send(get('/kept-4'))
  assert.equal((await connection.response()).status, 200)
  for (let count = 1; count <= 4; count++)
    assert.deepEqual(await addressesOf(`/kept-${count}`), ['203.0.113.8', '203.0.113.8'])
  connection.close()
})

test('a client that ends its side right after header and request counts as gone, as without a header', async () => {
  const connection = await proxy.connect()
  connection.socket.end(Buffer.concat([v2('203.0.113.9'), get('/half-closed')]))
  assert.equal((await connection.rest()).length, 0)
  const record = await proxy.fixture.logged(entry => entry['url.path'] === '/half-closed')
  assert.deepEqual([record['torhaus.code'], record['client.address']], ['client-aborted', '203.0.113.9'])
})

const wrong: Record<string, Buffer> = {
  'no header': Buffer.from('GET /never HTTP/1.1\r\nHost: a\r\n\r\n'),
  'a second-rate header': Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 4711\r\nGET /never HTTP/1.1\r\n\r\n'),
  'a line without end': Buffer.from(`PROXY UNKNOWN ${'f'.repeat(200)}`),
  'a length above the bound': v2Bytes(0x21, 0x11, Buffer.alloc(0), 65_535),
  '64 KB of junk': Buffer.alloc(65_536, 'PROXY'),
  '64 KB of zeroes': Buffer.alloc(65_536),
}

for (const [what, bytes] of Object.entries(wrong)) {
  test(`from a listed peer, ${what} closes the connection without a word, and is logged`, async () => {
    const before = rejects(proxy).length
    const connection = await proxy.connect()
    connection.send(bytes)
    assert.equal((await connection.rest()).length, 0)
    assert.deepEqual(rejects(proxy).slice(before), [['proxy-header-invalid', '127.0.0.1']])
    assert.equal(proxy.origin.requests.filter(({ target }) => target === '/never').length, 0)
  })
}

test('a header that does not come to its end in time closes the connection, and is logged', async () => {
  const before = rejects(proxy).length
  const [silent, begun] = [await proxy.connect(), await proxy.connect()]
  begun.send('PROXY TCP4 ')
  assert.equal((await silent.rest()).length + (await begun.rest()).length, 0)
  const late = ['proxy-header-timeout', '127.0.0.1']
  assert.deepEqual(rejects(proxy).slice(before), [late, late])
})

test('a header cut off is invalid; a connection without any byte, as balancers check with, is not worth a record', async () => {
  const before = rejects(proxy).length
  const [checked, cut] = [await proxy.connect(), await proxy.connect()]
  checked.socket.end()
  assert.equal((await checked.rest()).length, 0)
  cut.socket.end('PROXY TCP4 ')
  assert.equal((await cut.rest()).length, 0)
  assert.deepEqual(rejects(proxy).slice(before), [['proxy-header-invalid', '127.0.0.1']])
})

test('what is refused before it is a request is logged with the client address of the header', async () => {
  const before = rejects(proxy).length
  const connection = await proxy.connect()
  connection.send(Buffer.concat([v1('203.0.113.10'), Buffer.from('nonsense\r\n\r\n')]))
  assert.equal((await connection.response()).status, 400)
  assert.deepEqual(rejects(proxy).slice(before), [['request-malformed', '203.0.113.10']])
})

for (const [what, header] of [
  ['1', v1('203.0.113.11')],
  ['2', v2('203.0.113.11')],
] as const) {
  test(`from a peer that is not listed, a header of version ${what} is a malformed request`, async () => {
    const before = rejects(stranger).length
    const connection = await stranger.connect()
    connection.send(Buffer.concat([header, get('/claimed')]))
    assert.equal((await connection.response()).status, 400)
    assert.deepEqual(rejects(stranger).slice(before), [['request-malformed', '127.0.0.1']])
  })
}

test('a peer that is not listed speaks HTTP as ever', async () => {
  const response = await stranger.pass('GET /', ['X-Forwarded-For: 203.0.113.12'])
  assert.equal(response.status, 200)
  assert.equal((await stranger.record(response))['client.address'], '127.0.0.1')
})

test('a kill does not wait for a header', async () => {
  const killed = await startProxy({ configure: configured({ trustedProxies: ['127.0.0.1'], proxyProtocol: true }) })
  const connection = await killed.connect()
  connection.send('PROXY ')
  assert.equal(await killed.metric('torhaus_client_connections'), 1)
  await killed.fixture.torhaus.kill()
  assert.equal((await connection.rest()).length, 0)
  assert.deepEqual(rejects(killed), [])
  await killed.close()
})
