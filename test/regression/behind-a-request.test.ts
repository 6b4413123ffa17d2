/** What stands behind a request that has no answer yet, or was refused, must not be taken for something else. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { requestText } from '../../devkit/clients/raw-http.ts'
import { type ProxyUnderTest, patField, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let proxy: ProxyUnderTest
before(async () => {
  proxy = await startProxy()
})
after(() => proxy.close())

const CONNECT = 'CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n'

/** A request that the server has, and answers when it may. */
async function inFlight(path: string, behind = '') {
  const finish = Promise.withResolvers<void>()
  proxy.origin.answerWith(async (_, response) => {
    await finish.promise
    response.end('answer')
  })
  const connection = await proxy.connect()
  connection.send(requestText(`GET ${path}`, [proxy.host, patField]) + behind)
  await proxy.origin.arrived(path)
  return { connection, finish: finish.resolve }
}

for (const [content, behind] of [
  ['', `${CONNECT}\r\n`],
  [' with content', `${CONNECT}Content-Length: 5\r\n\r\nhello`],
] as const) {
  test(`our refusal of CONNECT${content} is not the answer to the request before it`, async () => {
    const { connection, finish } = await inFlight(`/before-connect${content.length}`)
    connection.send(behind)
    assert.equal(String(await connection.rest()), '')
    finish()
  })

  test(`CONNECT${content} is refused, and its connection ends`, async () => {
    const connection = await proxy.connect()
    connection.send(behind)
    const response = await connection.response()
    assert.deepEqual([response.status, response.one('Connection')], [405, 'close'])
    assert.equal(String(await connection.rest()), '')
    const record = await proxy.fixture.logged(entry => entry['torhaus.code'] === 'method-refused')
    assert.equal(record['client.address'], '127.0.0.1')
  })
}

test('however much unreadable comes behind a request, nobody waits more than once for its answer', async () => {
  const warnings: string[] = []
  const note = ({ message }: Error) => void warnings.push(message)
  process.on('warning', note)
  try {
    const { connection, finish } = await inFlight('/before-garbage')
    for (let piece = 0; piece < 50; piece++) {
      connection.send('\0garbage\r\n\r\n')
      // Each in a read of its own.
      await proxy.pass('GET /.torhaus/nothing')
    }
    finish()
    assert.equal((await connection.response()).text, 'answer')
    assert.equal(String(await connection.rest()), '')
    assert.deepEqual(warnings, [])
  } finally {
    process.off('warning', note)
  }
})

test('a request that asks for another protocol and is refused at once is the last of its connection', async () => {
  const connection = await proxy.connect()
  const upgrade = ['Host: other.example', 'Connection: Upgrade', 'Upgrade: h2c']
  // Node loses what it has read behind it: the rest would be read as a request.
  connection.send(requestText('GET /upgrade', upgrade) + requestText('GET /lost', [proxy.host, patField]))
  const response = await connection.response()
  assert.deepEqual([response.status, response.one('Connection')], [421, 'close'])
  assert.equal(String(await connection.rest()), '')
})
