import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { get, startInFlight } from './in-flight.ts'
import { isAlive, startWorkersLab, until } from './workers-lab.ts'

test('at SIGTERM it is not ready at once, serves on with answers that close, finishes what is in flight, and ends with 0', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 5000, drainTimeoutMs: 60_000 })
  try {
    const [busy, idle] = [await startInFlight(lab), await RawConnection.open(lab.port)]
    lab.supervisor.kill('SIGTERM')
    await until('not ready', async () => (await lab.readiness()).status === 503)
    // Workers hear it from the supervisor, which has said so already.
    const isClosed = async (connection: RawConnection) => {
      connection.send(get(lab, '/meanwhile'))
      const answered = await connection.response()
      assert.equal(answered.status, 200)
      return answered.one('Connection') === 'close'
    }
    await until('an answer that closes on an open connection', () => isClosed(idle))
    await until('one on a new connection', async () => isClosed(await RawConnection.open(lab.port)))
    await until('nobody to listen', () =>
      RawConnection.open(lab.port).then(
        connection => {
          connection.close()
          return false
        },
        () => true,
      ),
    )
    busy.finish()
    assert.equal(await busy.text(), 'done')
    assert.equal(await lab.ended(), 0)
    assert.equal(lab.lines().filter(line => line.includes('"url.path":"/slow"')).length, 1)
  } finally {
    await lab.close()
  }
})

for (const first of ['SIGTERM', 'SIGINT'] as const) {
  test(`a second signal after ${first} ends at once what would have gone on`, async () => {
    const lab = await startWorkersLab({ drainDelayMs: 60_000, drainTimeoutMs: 60_000 })
    try {
      lab.origin.answerWith((_, response) => response.write('begun'))
      const connection = await RawConnection.open(lab.port)
      connection.send(get(lab, '/endless'))
      await connection.head()
      const pids = lab.workers()
      lab.supervisor.kill(first)
      await lab.logged(record => record['event.action'] === 'drain')
      lab.supervisor.kill('SIGTERM')
      assert.equal(await lab.ended(), 0)
      for (const pid of pids) assert.equal(isAlive(pid), false)
      await connection.rest()
    } finally {
      await lab.close()
    }
  })
}

test('Ctrl-C reaches the whole group, waits for nobody to notice, and lets requests in flight finish', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 60_000, drainTimeoutMs: 60_000 })
  try {
    const busy = await startInFlight(lab)
    for (const pid of [lab.supervisor.pid ?? 0, ...lab.workers()]) process.kill(pid, 'SIGINT')
    await lab.logged(record => record['event.action'] === 'drain')
    busy.finish()
    assert.equal(await busy.text(), 'done')
    assert.equal(await lab.ended(), 0)
  } finally {
    await lab.close()
  }
})

test('a port that is taken is said at the start, with exit code 1 and nothing left running', async () => {
  // Told once standard error is closed, which all workers hold.
  const refused = /^Error: Torhaus ended with 1: Torhaus cannot start: .*EADDRINUSE/
  const lab = await startWorkersLab()
  try {
    await assert.rejects(startWorkersLab({ port: lab.port }), refused)
    await assert.rejects(
      startWorkersLab({}, config => ({ ...config, admin: { host: '127.0.0.1', port: lab.port } })),
      refused,
    )
  } finally {
    await lab.close()
  }
})
