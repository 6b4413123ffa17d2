import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { openRawOriginLab } from './raw-origin-lab.ts'

const UPLOADS = 200
const AT_ONCE = 8
const LARGE_BYTES = 20 * 1024 * 1024
const piece = Buffer.alloc(64 * 1024, 'x')

const { origin, proxy } = await openRawOriginLab()

/** As a client that looks for an answer while it sends. */
async function upload(): Promise<string> {
  const connection = await proxy.connect()
  connection.send(requestText('POST /upload', [proxy.host, patField, `Content-Length: ${LARGE_BYTES}`]))
  const response = connection.response().then(
    ({ status, text }) => (status === 413 ? text : String(status)),
    () => 'no answer',
  )
  let answered: string | undefined
  void response.then(text => {
    answered = text
  })
  for (let sent = 0; sent < LARGE_BYTES && answered === undefined && connection.ended === undefined; ) {
    const goesOn = connection.socket.write(piece)
    sent += piece.length
    if (!goesOn) await Promise.race([new Promise(resolve => connection.socket.once('drain', resolve)), response])
  }
  const text = await response
  connection.close()
  return text
}

test('an upload that the server refuses early, and closes at once, is told the answer', async () => {
  origin.respondWith(socket => {
    socket.write('HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large')
    // Closed with the rest unread: the system resets the connection.
    setImmediate(() => socket.destroy())
  })
  const counts = new Map<string, number>()
  for (let round = 0; round < UPLOADS / AT_ONCE; round++)
    for (const text of await Promise.all(Array.from({ length: AT_ONCE }, upload)))
      counts.set(text, (counts.get(text) ?? 0) + 1)
  const delivered = counts.get('too large') ?? 0
  assert.ok(delivered >= 0.975 * UPLOADS, JSON.stringify([...counts]))
})
