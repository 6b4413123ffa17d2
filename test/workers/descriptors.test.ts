/** Few descriptors, many connections (issue: a worker that met EMFILE never accepted again). */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { get } from './in-flight.ts'
import { startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

const LIMIT = 256
const limited = () => startWorkersLab({}, config => config, 'pipe', LIMIT)
const descriptorsOf = (pid: number) => readdirSync(`/proc/${pid}/fd`).length

const openMany = async (lab: WorkersLab, count: number): Promise<RawConnection[]> => {
  const all: RawConnection[] = []
  // As many at a time as the queue of the system takes.
  while (all.length < count)
    all.push(...(await Promise.all(Array.from({ length: 50 }, () => RawConnection.open(lab.port)))))
  return all
}

const answers = async (lab: WorkersLab, path: string): Promise<boolean> => {
  const connection = await RawConnection.open(lab.port)
  try {
    connection.send(get(lab, path))
    return (await connection.response()).status === 200
  } catch {
    return false
  } finally {
    connection.close()
  }
}

/** Each worker answers on several of many new connections. */
async function bothAnswer(lab: WorkersLab): Promise<void> {
  const paths = Array.from({ length: 40 }, (_, number) => `/after-${number}-${performance.now()}`)
  for (const path of paths) assert.equal(await answers(lab, path), true)
  await until('records of both', () => {
    const records = lab.lines().map(line => JSON.parse(line))
    const pids = new Set(records.filter(record => paths.includes(record['url.path'])).map(one => one['process.pid']))
    return lab.workers().every(pid => pids.has(pid))
  })
}

test('400 idle connections under ulimit -n 256, all closed again: people are served meanwhile, and both workers accept after', async () => {
  const lab = await limited()
  try {
    await bothAnswer(lab)
    const idle = await openMany(lab, 400)
    for (const pid of lab.workers()) assert.ok(descriptorsOf(pid) < LIMIT)
    assert.equal(await answers(lab, '/meanwhile'), true)
    for (const connection of idle) connection.close()
    await bothAnswer(lab)
    await lab.logged(record => record['torhaus.code'] === 'connection-evicted')
    assert.ok((await lab.metric('torhaus_rejects_total{code="connection-evicted"}')) > 0)
  } finally {
    await lab.close()
  }
})

test('150 requests that take their time under ulimit -n 256: what cannot be served is refused, and both workers accept after', async () => {
  const lab = await limited()
  try {
    const finish = Promise.withResolvers<void>()
    lab.origin.answerWith(async (request, response) => {
      if (request.url?.startsWith('/slow')) await finish.promise
      response.end('done')
    })
    const slow = await openMany(lab, 150)
    for (const [number, connection] of slow.entries()) connection.send(get(lab, `/slow-${number}`))
    // Where one worker got most, the first of them had to make room.
    await until('requests at the origin server', () =>
      lab.origin.requests.some(({ target }) => target.startsWith('/slow')),
    )
    for (const pid of lab.workers()) assert.ok(descriptorsOf(pid) < LIMIT)
    finish.resolve()
    for (const connection of slow) {
      await connection.response().catch(() => undefined)
      connection.close()
    }
    await bothAnswer(lab)
  } finally {
    await lab.close()
  }
})

test('bounds that do not fit below the limit are lowered, and said', async () => {
  const lab = await limited()
  try {
    const record = await lab.logged(one => one['event.action'] === 'bounds-lowered')
    assert.equal(record['torhaus.descriptor_limit'], LIMIT)
    assert.deepEqual(record['torhaus.bounds'], [
      'listener.maxTunnels: 48',
      'upstream.maxConnections: 48',
      'upstream.maxQueued: 48',
    ])
  } finally {
    await lab.close()
  }
})

test('a supervisor without a descriptor for a new worker tries again, and goes on meanwhile', async () => {
  const lab = await startWorkersLab()
  try {
    const pid = lab.supervisor.pid ?? 0
    const { stdout } = await promisify(execFile)('prlimit', [
      '--pid',
      `${pid}`,
      '--nofile',
      '--noheadings',
      '--output=SOFT',
    ])
    const allow = (count: number | string) => promisify(execFile)('prlimit', ['--pid', `${pid}`, `--nofile=${count}:`])
    const [killed = 0] = lab.workers()
    await allow(descriptorsOf(pid) + 2)
    process.kill(killed, 'SIGKILL')
    await lab.logged(record => record['event.action'] === 'worker-failed')
    assert.equal(await answers(lab, '/meanwhile'), true)
    await allow(stdout.trim())
    await until('two workers', async () => (await lab.readiness()).body.parts.workers === '2 of 2')
  } finally {
    await lab.close()
  }
})
