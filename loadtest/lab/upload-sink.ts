/** Reads each request to its end and answers with the number of bytes of content. Argument: the port. */
import { createServer } from 'node:http'

createServer({ requestTimeout: 0 }, (request, response) => {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  request.on('end', () => response.end(String(bytes)))
}).listen(Number(process.argv[2]), '127.0.0.1')
