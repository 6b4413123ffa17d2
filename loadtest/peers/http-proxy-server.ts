/** Arguments: the port to listen on, and the origin of the upstream. */
import proxy from '@fastify/http-proxy'
import fastify from 'fastify'

const CONNECTIONS = 64

const [port, upstream = ''] = process.argv.slice(2)
// The content of an upload has no limit here either.
const app = fastify({ logger: false, bodyLimit: Number.MAX_SAFE_INTEGER })
await app.register(proxy, { upstream, websocket: true, undici: { connections: CONNECTIONS } })
await app.listen({ host: '127.0.0.1', port: Number(port) })
