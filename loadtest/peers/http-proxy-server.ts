/** Arguments: the port to listen on, the origin of the upstream, and with TLS the files of certificate, key and CA. */
import { readFileSync } from 'node:fs'
import proxy from '@fastify/http-proxy'
import fastify from 'fastify'

const CONNECTIONS = 64

const [port, upstream = '', ...files] = process.argv.slice(2)
const [cert, key, ca] = files.map(file => readFileSync(file, 'utf8'))
// The content of an upload has no limit here either.
const options = { logger: false, bodyLimit: Number.MAX_SAFE_INTEGER }
const app = fastify({ ...options, https: cert === undefined || key === undefined ? null : { cert, key } })
await app.register(proxy, {
  ...{ upstream, websocket: true },
  undici: { connections: CONNECTIONS, ...(ca !== undefined && { connect: { ca } }) },
})
await app.listen({ host: '127.0.0.1', port: Number(port) })
