import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRawOriginLab } from './raw-origin-lab.ts'

const { origin, proxy } = await openRawOriginLab()

async function answered(bytes: string, line = 'GET /odd') {
  origin.respondWith(socket => socket.write(Buffer.from(bytes, 'latin1')))
  return proxy.pass(line)
}

test('a response without a reason phrase passes', async () => {
  assert.equal((await answered('HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok')).text, 'ok')
  assert.equal((await answered('HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok')).text, 'ok')
})

test('a reason phrase and field values with octets above ASCII pass unchanged', async () => {
  const response = await answered(
    'HTTP/1.1 404 Nicht gef\xc3\xbcnden\r\nX-Octets: \xe4\xff\r\nContent-Length: 0\r\n\r\n',
  )
  assert.equal(response.statusLine, 'HTTP/1.1 404 Nicht gef\xc3\xbcnden')
  assert.equal(response.one('X-Octets'), '\xe4\xff')
})

test('a status that nobody knows passes', async () => {
  for (const status of [299, 418, 499, 599, 999])
    assert.equal((await answered(`HTTP/1.1 ${status} Odd\r\nContent-Length: 0\r\n\r\n`)).status, status)
})

test('two equal lengths reach the client as one', async () => {
  const response = await answered('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok')
  assert.deepEqual(response.all('Content-Length'), ['2'])
})

test('a length where none may stand does not reach the client', async () => {
  const no = await answered('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-Odd: yes\r\n\r\n')
  assert.deepEqual([no.status, no.all('Content-Length'), no.one('X-Odd')], [204, [], 'yes'])
  const hint = await answered(
    'HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\nX-Odd: yes\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  )
  assert.deepEqual(hint.informational[0]?.fields, [['X-Odd', 'yes']])
  assert.deepEqual([hint.text, hint.one('Content-Length')], ['ok', '2'])
  const same = await answered('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n')
  assert.deepEqual([same.status, same.one('Content-Length')], [304, '5'])
})

test('content until the end of the connection passes, also from HTTP/1.0', async () => {
  for (const version of ['HTTP/1.0', 'HTTP/1.1']) {
    origin.respondWith(socket => socket.end(`${version} 200 OK\r\n\r\nuntil the end`))
    assert.equal((await proxy.pass('GET /')).text, 'until the end')
  }
})

for (const [version, connection, isKept] of [
  ['1.0', 'keep-alive', true],
  ['1.0', 'close, keep-alive', false],
  ['1.0', 'keep-alive, Close', false],
  ['1.0', '', false],
  ['1.1', 'keep-alive, close', false],
  ['1.1', '', true],
] as const)
  test(`the connection of HTTP/${version} with Connection "${connection}" is ${isKept ? '' : 'not '}used again`, async () => {
    const used: unknown[] = []
    origin.respondWith(socket => {
      used.push(socket)
      socket.write(`HTTP/${version} 200 OK\r\nConnection: ${connection}\r\nContent-Length: 2\r\n\r\nok`)
    })
    for (const _ of [1, 2]) assert.equal((await proxy.pass('GET /')).text, 'ok')
    assert.equal(used[0] === used[1], isKept)
  })

test('a Trailer field on a response without chunks harms nobody', async () => {
  const response = await answered('HTTP/1.1 200 OK\r\nTrailer: X-Late\r\nContent-Length: 2\r\n\r\nok')
  assert.equal(response.text, 'ok')
  assert.equal(
    (await answered('HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n', 'HEAD /')).status,
    200,
  )
})

test('a head that comes byte by byte is read', async () => {
  origin.respondWith(socket => {
    const bytes = [...'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nX-Late: yes\r\n\r\n']
    const next = () => {
      const byte = bytes.shift()
      if (byte !== undefined) socket.write(byte, () => setImmediate(next))
    }
    socket.setNoDelay(true)
    next()
  })
  const response = await proxy.pass('GET /slowly')
  assert.equal(response.text, 'ok')
  assert.deepEqual(response.trailers, [['X-Late', 'yes']])
})

test('a 100 Continue that nobody asked for is skipped, as often as it comes', async () => {
  const response = await answered(
    `${'HTTP/1.1 100 Continue\r\n\r\n'.repeat(3)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
  )
  assert.equal(response.text, 'ok')
  assert.equal(response.informational.length, 0)
})

test('a length too large to count exactly is refused rather than guessed', async () => {
  assert.equal((await answered('HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n')).status, 502)
})
