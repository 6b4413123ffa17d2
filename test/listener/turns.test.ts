import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { type Turn, Turns } from '../../src/listener/turns.ts'

test('an exchange that is answered is let go, and what it was to the connection is kept', async () => {
  const turns = new Turns<Turn>()
  const begun: Turn[] = []
  const seen: unknown[] = []
  const closes = new EventEmitter()
  const server = createServer((request, response) => {
    const turn: Turn = { request, response, begin: () => void begun.push(turn) }
    const { socket } = request
    response.on('close', () => {
      turns.end(turn, begun.length, request.url === '/known')
      const { closedAtMs, servedPerson } = turns.last(socket) ?? {}
      seen.push([turns.latest(socket)?.request.url, closedAtMs, servedPerson])
      closes.emit(String(request.url))
    })
    assert.equal(turns.take(turn), true)
    assert.deepEqual([turns.latest(socket), turns.last(socket)?.closedAtMs], [turn, undefined])
    // The first is answered when the second is held behind it.
    if (request.url === '/known') begun[0]?.response.end()
    if (request.url === '/unknown') response.end()
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').resume()
  const get = (path: string) => socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  try {
    closes.once('/first', () => begun[1]?.response.end())
    const both = once(closes, '/known')
    get('/first')
    get('/known')
    await both
    const last = once(closes, '/unknown')
    get('/unknown')
    await last
    assert.deepEqual(seen, [
      ['/known', undefined, false],
      [undefined, 2, true],
      [undefined, 3, false],
    ])
  } finally {
    socket.destroy()
    server.close()
  }
})
