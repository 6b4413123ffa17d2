/** Workers that stand still are noticed, and replaced. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { get } from './in-flight.ts'
import { isAlive, startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

const REQUESTS = 'torhaus_requests_total{scheme="pat",client_class="other",outcome="forwarded",code="none"}'

async function served(lab: WorkersLab, count: number): Promise<void> {
  for (let done = 0; done < count; done++) {
    const connection = await RawConnection.open(lab.port)
    connection.send(get(lab, '/x'))
    assert.equal((await connection.response()).status, 200)
    connection.close()
  }
}

test('a worker that stands still takes no new connection, is said at /readyz, killed and replaced, and its counters stay', async () => {
  const lab = await startWorkersLab()
  try {
    await served(lab, 20)
    // Until a round of the watch has brought what was counted.
    await until('the counters', async () => (await lab.metric(REQUESTS)) === 20)
    const [stopped = 0, other] = lab.workers()
    process.kill(stopped, 'SIGSTOP')
    // None of these waits for it: whoever has time accepts.
    await served(lab, 20)
    const { status, body } = await lab.readiness()
    assert.deepEqual([status, body.parts.workers, body.parts[`worker ${stopped}`]], [200, '1 of 2', 'does not answer'])
    const hung = await lab.logged(record => record['event.action'] === 'worker-hung')
    assert.deepEqual([hung['torhaus.worker'], hung['torhaus.silent']], [stopped, 'heartbeat'])
    await until('its end', () => !isAlive(stopped))
    await until('another one', async () => (await lab.readiness()).body.parts.workers === '2 of 2')
    assert.ok(lab.workers().includes(other ?? 0))
    assert.equal(await lab.metric('torhaus_workers_killed_total{silent="heartbeat"}'), 1)
    await until('the counters', async () => (await lab.metric(REQUESTS)) === 40)
  } finally {
    await lab.close()
  }
})

test('where all workers stand still, /readyz says so at once', async () => {
  const lab = await startWorkersLab()
  try {
    for (const pid of lab.workers()) process.kill(pid, 'SIGSTOP')
    assert.equal((await lab.readiness()).status, 503)
    await until('two others', async () => (await lab.readiness()).status === 200)
  } finally {
    await lab.close()
  }
})

/** Loaded before Torhaus: a signal that it does not use itself begins an endless loop. */
const LOOP_AT_SIGNAL = "data:text/javascript,process.on('SIGUSR2',()=>{for(;;);})"

test('a worker in an endless loop is killed, too', async () => {
  process.env.NODE_OPTIONS = `--import=${LOOP_AT_SIGNAL}`
  const lab = await startWorkersLab({ workers: 1 }).finally(() => delete process.env.NODE_OPTIONS)
  try {
    const [pid = 0] = lab.workers()
    process.kill(pid, 'SIGUSR2')
    const hung = await lab.logged(record => record['event.action'] === 'worker-hung')
    assert.deepEqual([hung['torhaus.worker'], hung['torhaus.silent']], [pid, 'heartbeat'])
    await until('another one', async () => (await lab.readiness()).status === 200)
  } finally {
    await lab.close()
  }
})

test('a worker whose event loop turns, but which can accept nothing, is deaf, and replaced', async () => {
  const lab = await startWorkersLab()
  try {
    const [pid = 0] = lab.workers()
    // Fewer than it has open already: every accept is EMFILE from now on.
    await promisify(execFile)('prlimit', ['--pid', String(pid), '--nofile=10:10'])
    const hung = await lab.logged(record => record['event.action'] === 'worker-hung')
    assert.deepEqual([hung['torhaus.worker'], hung['torhaus.silent']], [pid, 'request'])
    await until('another one', async () => (await lab.readiness()).body.parts.workers === '2 of 2')
    assert.equal(await lab.metric('torhaus_workers_killed_total{silent="request"}'), 1)
    await served(lab, 20)
  } finally {
    await lab.close()
  }
})

test('the private entrance is for its owner only, and its path is nothing of the public one', async () => {
  const lab = await startWorkersLab({ workers: 1 })
  try {
    const connection = await RawConnection.open(lab.port)
    connection.send(get(lab, '/.torhaus/health'))
    assert.equal((await connection.response()).status, 404)
    connection.close()
    const before = await lab.metric('torhaus_request_duration_seconds_count{outcome="forwarded"}')
    const [directory] = readdirSync(lab.runtime)
    assert.ok(directory)
    assert.equal(statSync(join(lab.runtime, directory)).mode & 0o777, 0o700)
    const socket = createConnection(join(lab.runtime, directory, '0.sock'))
    socket.write('GET /.torhaus/health HTTP/1.1\r\nHost: x\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 204 /)
    socket.destroy()
    // Nothing was counted, and no record written.
    assert.equal(await lab.metric('torhaus_request_duration_seconds_count{outcome="forwarded"}'), before)
    lab.supervisor.kill('SIGTERM')
    assert.equal(await lab.ended(), 0)
    assert.deepEqual(readdirSync(lab.runtime), [])
  } finally {
    await lab.close()
  }
})

test('where somebody has cleared the folder of temporary files, workers are replaced as ever', async () => {
  const lab = await startWorkersLab()
  try {
    for (const name of readdirSync(lab.runtime)) rmSync(join(lab.runtime, name), { recursive: true })
    const [killed = 0] = lab.workers()
    process.kill(killed, 'SIGKILL')
    await until('its end', () => !isAlive(killed))
    await until('another one', async () => (await lab.readiness()).body.parts.workers === '2 of 2')
    await served(lab, 5)
  } finally {
    await lab.close()
  }
})
