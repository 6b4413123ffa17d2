/**
 * What nginx does not do by itself as an origin server. Argument: the port. Reads each request to its end and answers
 * with the number of bytes of content; echoes WebSocket messages (RFC 6455) of up to 125 bytes, each of which the
 * clients of a load test send in one piece.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const MASK_BYTES = 4

const server = createServer({ requestTimeout: 0 }, (request, response) => {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  request.on('end', () => response.end(String(bytes)))
})

server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${ACCEPT_GUID}`).digest('base64')
  const fields = ['Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`]
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`)
  socket.on('error', () => undefined)
  socket.on('data', (frame: Buffer) => {
    const length = (frame[1] ?? 0) & 0x7f
    const [mask, masked] = [frame.subarray(2, 2 + MASK_BYTES), frame.subarray(2 + MASK_BYTES, 2 + MASK_BYTES + length)]
    const payload = masked.map((byte, index) => byte ^ (mask[index % MASK_BYTES] ?? 0))
    socket.write(Buffer.concat([Buffer.from([frame[0] ?? 0, length]), payload]))
  })
})

server.listen(Number(process.argv[2]), '127.0.0.1')
