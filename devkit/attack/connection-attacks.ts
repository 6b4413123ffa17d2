/**
 * What a stranger, or one client alone, can do to a proxy by holding connections. Each attack goes on until it is
 * stopped, stays on loopback, and is bounded in sockets.
 */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { AttackTarget, ConnectionAttack, RunningAttack } from './connection-attack.ts'

/** A token made up in the shape of a personal access token. */
const MADE_UP_PAT = `Authorization: Basic ${btoa(`:${'a'.repeat(52)}`)}`
const PREFLIGHT = ['Origin: https://elsewhere.example', 'Access-Control-Request-Method: PUT']
const USUAL_SOCKETS = 512
/** A dripping client sends a byte so often. */
const DRIP_EVERY_MS = 100

/** Heads of so many posts, and one byte of the content that each announces. */
export const holdTokenExchanges = (sockets = USUAL_SOCKETS): ConnectionAttack =>
  holding('slow token exchanges', sockets, 'POST /tfs/_apis/oauth2/token', ['Content-Length: 1000'])

export const holdPreflights = (sockets = USUAL_SOCKETS): ConnectionAttack =>
  holding('slow preflights', sockets, 'OPTIONS /tfs/_apis/projects', [...PREFLIGHT, 'Content-Length: 1000'])

export const holdMadeUpPats = (sockets = USUAL_SOCKETS): ConnectionAttack =>
  holding('slow posts with a made-up token', sockets, 'POST /tfs/_apis/projects', [MADE_UP_PAT, 'Content-Length: 1000'])

/** As much content as fills every buffer for it, and then nothing: the upload of a large pack that stands still. */
export const holdLargeUploads = (sockets = USUAL_SOCKETS, sentBytes = 65_536): ConnectionAttack => ({
  name: 'large uploads that stand still',
  start: target =>
    onSockets(target, sockets, (socket, host) => {
      socket.write(head('POST /tfs/demo/_git/demo/git-receive-pack', host, [MADE_UP_PAT, 'Content-Length: 10000000']))
      socket.write('x'.repeat(sentBytes))
    }),
})

/** Content, chunks or trailers, a byte at a time. */
export const drip = (what: 'content' | 'chunk' | 'trailer', sockets = 64): ConnectionAttack => ({
  name: `dripping ${what}`,
  start: target =>
    onSockets(target, sockets, (socket, host) => {
      const framing = what === 'content' ? 'Content-Length: 100000' : 'Transfer-Encoding: chunked'
      socket.write(head(`POST /tfs/${what}/_apis/oauth2/token`, host, [framing]) + BEFORE_DRIP[what])
      const timer = setInterval(() => socket.write('x'), DRIP_EVERY_MS)
      socket.once('close', () => clearInterval(timer))
    }),
})

const BEFORE_DRIP = { content: '', chunk: '100000;', trailer: '1\r\nx\r\n0\r\nX-Trailer: ' }

/** So many requests in one go on one connection; nothing is read of the answers. */
export const pipelineGets = (
  requests = 600,
  sockets = 1,
  fields: readonly string[] = [MADE_UP_PAT],
): ConnectionAttack => ({
  name: 'pipelined requests',
  start: target =>
    onSockets(target, sockets, (socket, host) => {
      socket.write(
        Array.from({ length: requests }, (_, index) => head(`GET /pipelined/${index}`, host, fields)).join(''),
      )
    }),
})

/** Asks for what is large, and does not read it. */
export const readSlowly = (
  path: string,
  sockets = USUAL_SOCKETS,
  fields: readonly string[] = [],
): ConnectionAttack => ({
  name: 'answers that nobody reads',
  start: target =>
    onSockets(target, sockets, (socket, host) => {
      socket.pause()
      socket.write(head(`GET ${path}`, host, fields))
    }),
})

function holding(name: string, sockets: number, line: string, fields: readonly string[]): ConnectionAttack {
  return {
    name,
    start: target => onSockets(target, sockets, (socket, host) => socket.write(`${head(line, host, fields)}x`)),
  }
}

const head = (line: string, host: string, fields: readonly string[]) =>
  [`${line} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n')

async function onSockets(
  target: AttackTarget,
  count: number,
  begin: (socket: Socket, host: string) => void,
): Promise<RunningAttack> {
  // What is turned away, for want of descriptors on either side, is no attack any more.
  const attempts = await Promise.allSettled(Array.from({ length: count }, () => open(target)))
  const sockets = attempts.flatMap(attempt => (attempt.status === 'fulfilled' ? [attempt.value] : []))
  for (const socket of sockets) begin(socket, `127.0.0.1:${target.port}`)
  return {
    async stop() {
      const closed = sockets.map(socket => (socket.closed ? undefined : once(socket, 'close')))
      for (const socket of sockets) socket.destroy()
      await Promise.all(closed)
    },
  }
}

async function open({ port, tls }: AttackTarget): Promise<Socket> {
  const options = { host: '127.0.0.1', port }
  const socket = tls === undefined ? connectTcp(options) : connectTls({ ...options, ...tls })
  // Being thrown out is what an attacker has to expect.
  socket.on('error', () => socket.destroy())
  await once(socket, tls === undefined ? 'connect' : 'secureConnect')
  return socket.on('data', () => undefined)
}
