/**
 * What a stranger can do to a proxy with sockets alone, before or beside any request worth the name. Each attack goes
 * on until it is stopped, opens again what is closed on it, stays on loopback, and is bounded in sockets.
 */
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionAttack, RunningAttack } from './connection-attack.ts'

const DRIP_MS = 100
/** Between being thrown out and coming back. */
const AGAIN_MS = 50
/** After an attempt that failed, mostly for want of descriptors here. */
const LATER_MS = 500
const REQUEST = 'GET /DefaultCollection HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
/** Type, version and length of a record and of a ClientHello, which never comes to its end. */
const CLIENT_HELLO_BEGUN = Buffer.from('16030100f8010000f40303', 'hex')

type Act = (socket: Socket) => unknown

const holding = (name: string, sockets: number, act: Act = () => undefined): ConnectionAttack => ({
  name,
  start: ({ port }) => keepOpen(port, sockets, act),
})

const overTls = (attack: ConnectionAttack): ConnectionAttack => ({ ...attack, isForTls: true })

/** Writes a piece now and again, for as long as the socket is open. */
const dripping = (socket: Socket, piece: string) => {
  const timer = setInterval(() => socket.write(piece), DRIP_MS)
  socket.once('close', () => clearInterval(timer))
}

export const socketAttacks: readonly ConnectionAttack[] = [
  holding('idle connections', 400),
  overTls(holding('silent TLS connections', 120)),
  overTls(holding('TLS connections with half a ClientHello', 120, socket => socket.write(CLIENT_HELLO_BEGUN))),
  holding('more connections than descriptors', 1200),
  holding('heads a byte at a time', 200, socket => {
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ')
    dripping(socket, 'x')
  }),
  holding('empty lines on kept connections', 200, socket => {
    socket.write(REQUEST)
    dripping(socket, '\r\n')
  }),
  holding('kept connections that ask once', 400, socket => socket.write(REQUEST)),
  holding('connections closed by one side', 30, socket => socket.end()),
  holding('heads that never end', 20, socket => {
    const piece = `X-Field: ${'x'.repeat(8000)}\r\n`
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n')
    dripping(socket, piece)
  }),
  holding('what is no HTTP', 20, socket => socket.write('\0\x01\x02 nonsense\r\n\r\n')),
  coming('connections that come and go', 10, socket => socket.destroy()),
  coming('connections that are reset with a request in flight', 10, socket => {
    socket.write(REQUEST, () => socket.resetAndDestroy())
  }),
  overTls(coming('TLS connections that come and go', 10, socket => socket.destroy())),
]

/** `count` at a time: each is opened again when it is closed. */
async function keepOpen(port: number, count: number, act: Act): Promise<RunningAttack> {
  const stopped = new AbortController()
  const hold = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const socket = await open(port)
      if (socket !== undefined) await held(socket, act, stopped.signal)
      await sleep(socket === undefined ? LATER_MS : AGAIN_MS, undefined, { signal: stopped.signal }).catch(
        () => undefined,
      )
    }
  }
  const all = Array.from({ length: count }, hold)
  return {
    async stop() {
      stopped.abort()
      await Promise.all(all)
    },
  }
}

async function held(socket: Socket, act: Act, signal: AbortSignal): Promise<void> {
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  const end = () => socket.destroy()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  else act(socket)
  await closed
  signal.removeEventListener('abort', end)
}

/** `count` after the other, each gone at once. */
function coming(name: string, count: number, act: Act): ConnectionAttack {
  return { name, start: ({ port }) => keepOpen(port, count, act) }
}

/** Undefined: turned away. */
async function open(port: number): Promise<Socket | undefined> {
  const socket = connectTcp({ host: '127.0.0.1', port, allowHalfOpen: true })
  // Being thrown out is what an attacker has to expect.
  socket.on('error', () => socket.destroy()).resume()
  // Half open on purpose for some; those that the other side closes are done.
  socket.on('end', () => socket.end())
  return once(socket, 'connect').then(
    () => socket,
    () => undefined,
  )
}
