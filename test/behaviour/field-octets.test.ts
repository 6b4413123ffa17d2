/** Field values are octets (RFC 9110 5.5): those above ASCII pass as they are, whatever text somebody could make of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openRawOriginLab } from './raw-origin-lab.ts'

const { origin, proxy } = await openRawOriginLab()

const NAMES = {
  'UTF-8 within Latin-1': '\xc3\xa4',
  'UTF-8 beyond Latin-1': '\xe6\x96\x87',
  'a dash of UTF-8': '\xe2\x80\x93',
  'Latin-1': '\xe4',
}
const CONTENTS = { 'short content': 'ok', 'long content': 'x'.repeat(100_000) }

for (const [spelling, name] of Object.entries(NAMES))
  for (const [length, content] of Object.entries(CONTENTS))
    for (const method of ['GET', 'HEAD'])
      test(`the name of a file in ${spelling} behind its length passes unchanged: ${method}, ${length}`, async () => {
        const value = `attachment; filename="${name}.txt"`
        const head = `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\nContent-Disposition: ${value}\r\nX-Octets: ${name}\r\n\r\n`
        origin.respondWith(socket => socket.write(Buffer.from(head + (method === 'HEAD' ? '' : content), 'latin1')))
        const response = await proxy.pass(`${method} /file`)
        assert.equal(response.one('Content-Disposition'), value)
        assert.equal(response.one('X-Octets'), name)
        assert.equal(response.text, method === 'HEAD' ? '' : content)
      })

for (const framing of ['Content-Length: 2', 'Transfer-Encoding: chunked'])
  test(`octets above ASCII pass unchanged in a head that comes alone, before content with ${framing}`, async () => {
    origin.respondWith(socket => {
      socket.write(Buffer.from(`HTTP/1.1 200 \xe4\r\nX-Octets: \xc3\xa4\xff\r\n${framing}\r\n\r\n`, 'latin1'))
    })
    const connection = await proxy.connect()
    connection.send(`GET /alone HTTP/1.1\r\n${proxy.host}\r\n${proxy.bearerField}\r\n\r\n`)
    const { statusLine, fields } = await connection.head()
    assert.equal(statusLine, 'HTTP/1.1 200 \xe4')
    assert.deepEqual(fields.find(([name]) => name === 'X-Octets')?.[1], '\xc3\xa4\xff')
  })
