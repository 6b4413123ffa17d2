import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { threadPoolSize } from '../../src/process/thread-pool.ts'
import { get, startInFlight } from './in-flight.ts'
import { isAlive, startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

async function answer(lab: WorkersLab, path: string): Promise<number> {
  const connection = await RawConnection.open(lab.port)
  try {
    connection.send(get(lab, path))
    return (await connection.response()).status
  } finally {
    connection.close()
  }
}

const REQUESTS = 'torhaus_requests_total{scheme="pat",client_class="other",outcome="forwarded",code="none"}'

test('a worker that is killed is replaced, the other goes on meanwhile, and no counter goes back', async () => {
  const lab = await startWorkersLab()
  try {
    const before = lab.workers()
    assert.equal(before.length, 2)
    for (let count = 0; count < 20; count++) assert.equal(await answer(lab, `/before-${count}`), 200)
    await until('the counters', async () => (await lab.metric(REQUESTS)) === 20)
    process.kill(before[0] ?? 0, 'SIGKILL')
    let broken = 0
    for (let count = 0; count < 20; count++) {
      // A connection may have been on its way to the worker that died: it is closed, not left waiting, and the request
      // sent again.
      const again = () => {
        broken++
        return answer(lab, `/after-${count}`)
      }
      assert.equal(await answer(lab, `/after-${count}`).catch(again), 200)
    }
    assert.ok(broken <= 1)
    const died = await lab.logged(record => record['event.action'] === 'worker-died')
    assert.equal(died['torhaus.worker'], before[0])
    assert.equal(died['error.message'], 'ended with SIGKILL')
    await until('two workers', async () => (await lab.readiness()).body.parts.workers === '2 of 2')
    assert.ok(!lab.workers().includes(before[0] ?? 0))
    await until('the counters', async () => (await lab.metric(REQUESTS)) === 40)
    assert.equal(await lab.metric('torhaus_worker_restarts_total'), 1)
    assert.equal(await lab.metric('torhaus_workers'), 2)
    assert.equal(await lab.metric('torhaus_request_duration_seconds_count{outcome="forwarded"}'), 40)
  } finally {
    await lab.close()
  }
})

test('a worker that dies again and again is started again ever later', async () => {
  const lab = await startWorkersLab({ workers: 1 })
  try {
    for (let round = 0; round < 4; round++) {
      const [pid] = await until('a worker that listens', async () =>
        (await lab.readiness()).status === 200 ? lab.workers() : undefined,
      )
      process.kill(pid ?? 0, 'SIGKILL')
      await until('its end', () => !isAlive(pid ?? 0))
    }
    const pauses = () =>
      lab
        .lines()
        .map(line => JSON.parse(line))
        .filter(record => record['event.action'] === 'worker-died')
        .map(record => record['torhaus.restart_in_ms'])
    await until('four records', () => pauses().length === 4)
    assert.deepEqual(pauses(), [0, 250, 500, 1000])
  } finally {
    await lab.close()
  }
})

for (const output of ['pipe', 'file'] as const)
  test(`no line of the log is torn or lost in a ${output}, whoever wrote it`, async () => {
    const lab = await startWorkersLab({}, config => config, output)
    try {
      // A reader that stands still: the pipe is full in the middle of a block, of whoever comes first.
      lab.supervisor.stdout?.pause()
      const perConnection = 150
      // Long lines, so that blocks of both workers come together at any place.
      const path = (name: string) => `/${name}-${'x'.repeat(700)}`
      // One after the other, so that each comes while a worker is busy with those before, and both have some.
      const begun = Array.from({ length: 17 }, () => Promise.withResolvers<void>())
      begun[0]?.resolve()
      await Promise.all(
        Array.from({ length: 16 }, async (_, number) => {
          await begun[number]?.promise
          const connection = await RawConnection.open(lab.port)
          for (let count = 0; count < perConnection; count++) {
            connection.send(get(lab, path(`${number}-${count}`)))
            await connection.response()
            begun[number + 1]?.resolve()
          }
          connection.close()
        }),
      )
      lab.supervisor.stdout?.resume()
      lab.supervisor.kill('SIGTERM')
      assert.equal(await lab.ended(), 0)
      const records = lab.lines().map(line => JSON.parse(line))
      const requests = records.filter(record => record['event.action'] === 'request')
      assert.equal(new Set(requests.map(record => record['url.path'])).size, 16 * perConnection)
      assert.equal(new Set(requests.map(record => record['process.pid'])).size, 2)
    } finally {
      await lab.close()
    }
  })

test('a session that ends on one worker has ended on the other at once, though both keep it in a cache for a minute', async () => {
  const lab = await startWorkersLab({}, config => ({ ...config, session: { ...config.session, cacheMs: 60_000 } }))
  try {
    const browser = await lab.signedIn()
    const cookie = `Cookie: ${Array.from(browser.cookies, ([name, { value }]) => `${name}=${value}`).join('; ')}`
    const host = `Host: 127.0.0.1:${lab.port}`
    const connections = await Promise.all(Array.from({ length: 6 }, () => RawConnection.open(lab.port)))
    const ask = async (line: string, connection: RawConnection, fields: readonly string[] = []) => {
      connection.send(requestText(line, [host, cookie, ...fields]))
      return (await connection.response()).status
    }
    for (const connection of connections) assert.equal(await ask('GET /x', connection), 200)
    const [one] = connections
    assert.ok(one)
    assert.equal(await ask('POST /.torhaus/sign-out', one, [`Origin: ${lab.url}`, 'Content-Length: 0']), 303)
    // The messages between the processes may be under way still, for a moment.
    await until('everybody to know', async () => {
      const statuses = await Promise.all(connections.map(connection => ask('GET /x', connection)))
      return statuses.every(status => status === 401)
    })
    for (const connection of connections) connection.close()
  } finally {
    await lab.close()
  }
})

test('when the supervisor is killed, a request in flight is finished, and no process is left', async () => {
  const lab = await startWorkersLab()
  try {
    const busy = await startInFlight(lab)
    const pids = lab.workers()
    lab.supervisor.kill('SIGKILL')
    await until('the supervisor to be gone', () => lab.supervisor.signalCode !== null)
    busy.finish()
    assert.equal(await busy.text(), 'done')
    for (const pid of pids) await until(`worker ${pid} to end`, () => !isAlive(pid))
  } finally {
    await lab.close()
  }
})

test('a worker has sixteen threads, or as many as its environment says', async () => {
  const lab = await startWorkersLab({ workers: 1 })
  try {
    const environment = readFileSync(`/proc/${lab.workers()[0]}/environ`, 'utf8').split('\0')
    assert.ok(environment.includes('UV_THREADPOOL_SIZE=16'), 'what nobody has set')
  } finally {
    await lab.close()
  }
  assert.equal(threadPoolSize({}), 16)
  assert.equal(threadPoolSize({ UV_THREADPOOL_SIZE: '64' }), 64)
  assert.equal(threadPoolSize({ UV_THREADPOOL_SIZE: '8' }), 8)
  assert.equal(threadPoolSize({ UV_THREADPOOL_SIZE: 'many' }), 16)
})
