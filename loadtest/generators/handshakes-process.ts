/** The process behind handshakes.ts: reads an order on standard input, writes the outcome on standard output. */
import { once } from 'node:events'
import { json } from 'node:stream/consumers'
import { connect, type TLSSocket } from 'node:tls'
import type { LoadRequest } from '../load.ts'
import type { HandshakeOrder, Handshakes } from './handshakes.ts'
import { readLists } from './lists.ts'

const TIMEOUT_MS = 10_000
const HEAD_END = '\r\n\r\n'

const order = (await json(process.stdin)) as HandshakeOrder
const { port, ca, count, concurrency, requests } = order
const anyones = readLists(order.lists ?? {})
const isResumed = order.sessions !== undefined
const sessions = (order.sessions ?? []).map(session => Buffer.from(session, 'base64'))
const latenciesMs: number[] = []
const problems = new Set<string>()
let errors = 0
let opened = 0

/** @throws where the certificate, the resumption or the answer is not as it should be. */
async function openOne(lane: number, request: LoadRequest): Promise<void> {
  const session = isResumed ? sessions[lane] : undefined
  const socket = connect({ host: '127.0.0.1', port, ca, ecdhCurve: 'X25519', ...(session && { session }) })
  socket.setNoDelay(true).setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')))
  // What comes after the first of a connection is as good.
  socket.on('session', latest => {
    sessions[lane] = latest
  })
  try {
    await once(socket, 'secureConnect')
    if (socket.isSessionReused() !== isResumed) throw new Error(isResumed ? 'not resumed' : 'resumed')
    socket.write(textOf(request))
    checkAnswer(await answerFrom(socket, request.responseBytes), request)
  } finally {
    socket.destroy()
  }
}

/** Up to its end; whoever does not close the connection then, as it was asked to, sees it closed. */
async function answerFrom(socket: TLSSocket, contentBytes: number): Promise<string> {
  let answer = ''
  for await (const chunk of socket.setEncoding('latin1')) {
    answer += chunk
    const headEnd = answer.indexOf(HEAD_END)
    if (headEnd !== -1 && answer.length >= headEnd + HEAD_END.length + contentBytes) socket.end()
  }
  return answer
}

function textOf({ method, target, fields }: LoadRequest): string {
  const all = { Host: `127.0.0.1:${port}`, Connection: 'close', ...fields }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function checkAnswer(answer: string, { responseBytes }: LoadRequest): void {
  const [statusLine = ''] = answer.split('\r\n', 1)
  const bytes = answer.length - answer.indexOf(HEAD_END) - HEAD_END.length
  if (!/^HTTP\/1\.1 200 /.test(statusLine) || bytes !== responseBytes)
    throw new Error(`${statusLine || 'no answer'}, ${bytes} bytes`)
}

async function openInTurn(lane: number): Promise<void> {
  while (opened < count) {
    const request = anyones(requests[opened++ % requests.length] as LoadRequest)
    const startMs = performance.now()
    try {
      await openOne(lane, request)
      latenciesMs.push(performance.now() - startMs)
    } catch (error) {
      errors++
      problems.add(error instanceof Error ? error.message : String(error))
    }
  }
}

// What it cost to read the order is not counted.
const before = process.cpuUsage()
const startMs = performance.now()
await Promise.all(Array.from({ length: concurrency }, (_, lane) => openInTurn(lane)))
const durationS = (performance.now() - startMs) / 1000
const { user, system } = process.cpuUsage(before)
const outcome: Handshakes = {
  ...{ requests: count, durationS, errors, latenciesMs },
  generatorCpuUs: user + system,
  sessions: sessions.map(session => session.toString('base64')),
  problems: [...problems],
}
process.stdout.write(JSON.stringify(outcome))
