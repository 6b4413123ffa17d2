/** KDCs that a test plays: sockets that answer, refuse, keep silent, drip or lie. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { KdcAddress } from '../../../config/kdc-address.ts'
import { field, generalString, integer, message, time } from '../../../src/kerberos/protocol/der-writer.ts'
import { writePrincipalName } from '../../../src/kerberos/protocol/principal-name.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
/** Ends all that a test has played. */
export function endAll(): void {
  for (const socket of sockets) socket.destroy()
  for (const server of servers.splice(0)) server.close()
}

export type Behaviour = (socket: Socket, asked: () => void) => void

/** A KDC that behaves; `asked` counts. */
export async function kdc(behave: Behaviour): Promise<{ readonly address: KdcAddress; asked: number }> {
  const found = { address: { host: '127.0.0.1', port: 0 }, asked: 0 }
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)))
    found.asked++
    behave(socket, () => undefined)
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const bound = server.address()
  assert(bound !== null && typeof bound === 'object')
  found.address.port = bound.port
  return found
}

export const framed = (octets: Buffer): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(octets.length)
  return Buffer.concat([length, octets])
}
export const frame = (text: string): Buffer => framed(Buffer.from(text))
export const answering: Behaviour = socket => socket.once('data', () => socket.end(frame('yes')))
export const lying: Behaviour = socket => socket.once('data', () => socket.end(frame('no')))
export const silent: Behaviour = socket => socket.resume()
export const refusing: Behaviour = socket => socket.resetAndDestroy()
export const endless: Behaviour = socket => socket.end(Buffer.from([0x80, 0, 0, 0, 1]))

/** KRB-ERROR (RFC 4120 5.9.1). */
export const errorOf = (code: number): Buffer =>
  message(
    30,
    ...[field(0, integer(5)), field(1, integer(30)), field(4, time(0)), field(5, integer(0)), field(6, integer(code))],
    ...[field(9, generalString('CORP.TEST')), field(10, writePrincipalName({ type: 2, components: ['krbtgt'] }))],
  )

/** Of every question: KRB-ERROR with that code. */
export const answeringError =
  (code: number): Behaviour =>
  socket =>
    socket.once('data', () => socket.end(framed(errorOf(code))))

/** As a KDC says it that starts or stops. */
export const outOfService = framed(errorOf(29))
