import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type KdcRelay, startKdcRelay } from '../../devkit/realm/kdc-relay.ts'

const AS_REQ = frame(Buffer.from([0x6a, 0x01, 0x00]))
const TGS_REQ = frame(Buffer.from([0x6c, 0x01, 0x00]))
const REPLY = frame(Buffer.from('the reply of the KDC'))

/** A broken relay leaves these waiting for ever. */
const BOUNDED = { timeout: 60_000 }

let kdc: Server
let kdcAnswers = 0
let relay: KdcRelay

before(async () => {
  kdc = createServer(socket => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      kdcAnswers++
      socket.end(REPLY)
    })
  })
  kdc.listen({ host: '127.0.0.1', port: 0 })
  await once(kdc, 'listening')
  const bound = kdc.address()
  assert.ok(bound !== null && typeof bound === 'object')
  relay = await startKdcRelay({ address: '127.0.0.1', kdcAddress: '127.0.0.1', kdcPort: bound.port })
})

after(async () => {
  await relay.close()
  kdc.close()
})

test('the relay passes a request and its reply unchanged and counts the two kinds apart', async () => {
  relay.mode = 'pass'
  const start = relay.requests()
  assert.deepEqual(await exchange(AS_REQ), REPLY)
  assert.deepEqual(await exchange(TGS_REQ), REPLY)
  assert.deepEqual(await exchange(TGS_REQ), REPLY)
  assert.deepEqual(relay.requests(), { as: start.as + 1, tgs: start.tgs + 2 })
})

test('a request that arrives octet by octet is counted once', async () => {
  relay.mode = 'pass'
  const start = relay.requests()
  const socket = connect({ host: relay.address, port: relay.port, noDelay: true })
  await once(socket, 'connect')
  for (const octet of AS_REQ) {
    socket.write(Buffer.of(octet))
    await setImmediate()
  }
  assert.deepEqual(await received(socket), REPLY)
  assert.deepEqual(relay.requests(), { as: start.as + 1, tgs: start.tgs })
})

test('a refusing relay resets the connection and a passing one answers again', async () => {
  relay.mode = 'refuse'
  await assert.rejects(exchange(AS_REQ), { code: 'ECONNRESET' })
  relay.mode = 'pass'
  assert.deepEqual(await exchange(AS_REQ), REPLY)
})

test('a garbling relay answers in a correct frame with something that is no Kerberos message', async () => {
  relay.mode = 'garbage'
  const before = kdcAnswers
  const reply = await exchange(TGS_REQ)
  assert.equal(reply.readUInt32BE(0), reply.length - 4)
  assert.ok(!reply.equals(REPLY))
  assert.equal(kdcAnswers, before)
})

test('a hanging relay reads the request, asks no KDC and never answers', async () => {
  relay.mode = 'hang'
  const before = { answers: kdcAnswers, as: relay.requests().as }
  const socket = connect({ host: relay.address, port: relay.port })
  let data = 0
  socket.on('data', () => data++)
  socket.write(AS_REQ)
  // Another exchange begun and ended meanwhile shows that time passed for the first one, too.
  while (relay.requests().as === before.as) await setImmediate()
  relay.mode = 'pass'
  assert.deepEqual(await exchange(TGS_REQ), REPLY)
  assert.deepEqual({ data, answers: kdcAnswers - before.answers }, { data: 0, answers: 1 })
  socket.destroy()
})

test('a delaying relay answers in the end', BOUNDED, async () => {
  relay.mode = { delayMs: 50 }
  assert.deepEqual(await exchange(AS_REQ), REPLY)
})

test('a frame longer than any request ends the connection', BOUNDED, async () => {
  relay.mode = 'pass'
  assert.equal((await exchange(Buffer.from([0x7f, 0xff, 0xff, 0xff]))).length, 0)
})

function frame(message: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(message.length)
  return Buffer.concat([length, message])
}

function exchange(request: Buffer): Promise<Buffer> {
  const socket = connect({ host: relay.address, port: relay.port })
  socket.write(request)
  return received(socket)
}

async function received(socket: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  return Buffer.concat(parts)
}
