/**
 * `node deploy/roll-out/haproxy-server.ts SOCKET BACKEND/SERVER drain|ready`, for `takeOut` and `putBack` of a plan:
 * tells HAProxy by its runtime API (management guide, 9.3) that a server takes no new requests, or does again. `ready`
 * returns once HAProxy has seen it up. SOCKET is the path of the `stats socket`, or HOST:PORT.
 */
import { connect, type NetConnectOpts } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCode } from '../../src/exit-codes.ts'

const UP_WITHIN_MS = 60_000
const POLL_MS = 200
const ANSWER_MS = 5000

/** One connection a command: HAProxy closes it after the answer. */
function say(socket: string, command: string): Promise<string> {
  const [, host, port] = /^([^/]+):(\d+)$/.exec(socket) ?? []
  const where: NetConnectOpts = host === undefined ? { path: socket } : { host, port: Number(port) }
  return new Promise((resolve, reject) => {
    let text = ''
    const connection = connect(where, () => connection.end(`${command}\n`))
    connection.setTimeout(ANSWER_MS, () => connection.destroy(new Error(`no answer from ${socket}`)))
    connection.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    connection.once('error', reject).once('close', () => resolve(text.trim()))
  })
}

/** Column `status` of `show stat`: UP, DOWN, DRAIN, MAINT and forms of them. */
async function statusOf(socket: string, backend: string, server: string): Promise<string> {
  const [head = '', ...rows] = (await say(socket, 'show stat')).split('\n')
  const names = head.replace(/^# /, '').split(',')
  const row = rows.map(line => line.split(',')).find(([first, second]) => first === backend && second === server)
  return row?.[names.indexOf('status')] ?? ''
}

async function run([socket, name = '', state]: string[]): Promise<number> {
  const [backend = '', server = ''] = name.split('/')
  if (socket === undefined || server === '' || (state !== 'drain' && state !== 'ready')) {
    process.stderr.write('usage: node deploy/roll-out/haproxy-server.ts SOCKET BACKEND/SERVER drain|ready\n')
    return exitCode.usage
  }
  // Says nothing when it is done.
  const problem = await say(socket, `set server ${name} state ${state}`)
  if (problem !== '') throw new Error(problem)
  const deadline = performance.now() + UP_WITHIN_MS
  while (state === 'ready' && (await statusOf(socket, backend, server)) !== 'UP') {
    if (performance.now() > deadline) throw new Error(`${name} is not up within ${UP_WITHIN_MS / 1000} s`)
    await sleep(POLL_MS)
  }
  return exitCode.done
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exitCode = exitCode.failed
}
