/** RFC 9112 9.6: a reset destroys what the other side has not read yet. Who is refused in the middle of a request reads why. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { type Certificate, createCertificate } from '../../devkit/torhaus/certificate.ts'
import { type ProxyUnderTest, patField, servingTls, startProxy } from '../../devkit/torhaus/proxy-under-test.ts'

let certificate: Certificate
let plain: ProxyUnderTest
let secure: ProxyUnderTest
before(async () => {
  certificate = await createCertificate('IP:127.0.0.1')
  const { certificateFile, privateKeyFile } = certificate
  plain = await startProxy()
  secure = await startProxy({ configure: servingTls({ certificateFile, privateKeyFile }) })
})
after(async () => {
  await plain.close()
  await secure.close()
  await certificate.remove()
})

const open = (over: string) =>
  over === 'TLS' ? RawConnection.open(secure.fixture.port, { ca: certificate.certificate }) : plain.connect()

const LONG = 'v'.repeat(1_000_000)
const refused: Record<string, [status: number, bytes: string]> = {
  'a head that is too large': [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${LONG}\r\n\r\n`],
  'a malformed request with content': [
    400,
    `POST / HTTP/1.1\r\nX: a\r\n b\r\nContent-Length: ${LONG.length}\r\n\r\n${LONG}`,
  ],
  'a chunk without size': [
    400,
    `POST / HTTP/1.1\r\nHOST\r\n${patField}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${LONG}`,
  ],
}

for (const [what, [status, bytes]] of Object.entries(refused))
  for (const over of ['TCP', 'TLS'])
    test(`over ${over}, ${what} gets its ${status}, however much was sent behind, and the connection is not reset`, async () => {
      const connection = await open(over)
      connection.send(bytes.replace('HOST', (over === 'TLS' ? secure : plain).host))
      assert.equal((await connection.response()).status, status)
      assert.equal((await connection.rest()).length, 0)
      assert.equal(connection.ended, 'end')
      connection.close()
    })

test('who is refused and goes on sending without end is cut off', async () => {
  const connection = await plain.connect()
  connection.send('GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n')
  assert.equal((await connection.response()).status, 400)
  assert.equal((await connection.rest()).length, 0)
  let sent = 0
  for (; !connection.socket.destroyed; await turn()) {
    if (connection.socket.writableLength > 0) continue
    connection.send('v'.repeat(1000))
    sent++
  }
  assert.ok(sent > 1)
})
