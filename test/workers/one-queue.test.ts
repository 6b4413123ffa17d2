/** All workers accept from one queue: evenly, and nothing in it is lost when workers change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'
import { get } from './in-flight.ts'
import { startWorkersLab, until } from './workers-lab.ts'

const RELOADS = 'torhaus_config_reloads_total{outcome="success"}'

for (const isTls of [false, true]) {
  test(`three reloads under new ${isTls ? 'TLS ' : ''}connections: each is accepted and answered, none is reset`, async () => {
    const certificate = await createCertificate('IP:127.0.0.1')
    const { certificateFile, privateKeyFile } = certificate
    const lab = await startWorkersLab({
      drainDelayMs: 0,
      drainTimeoutMs: 60_000,
      ...(isTls ? { tls: { certificateFile, privateKeyFile } } : {}),
    })
    try {
      const stop = new AbortController()
      const failures: unknown[] = []
      let answered = 0
      const client = async () => {
        while (!stop.signal.aborted) {
          try {
            const tls = isTls ? { rejectUnauthorized: false } : undefined
            const connection = await RawConnection.open(lab.port, tls)
            connection.send(get(lab, '/x'))
            assert.equal((await connection.response()).status, 200)
            connection.close()
            answered++
          } catch (error) {
            failures.push(error)
          }
          await sleep(1)
        }
      }
      const clients = Array.from({ length: 8 }, client)
      for (let reload = 1; reload <= 3; reload++) {
        lab.supervisor.kill('SIGHUP')
        await until('the reload', async () => (await lab.metric(RELOADS)) === reload)
        const before = answered
        await until('the old ones to end', () => lab.workers().length === 2)
        await until('more', () => answered > before + 50)
      }
      stop.abort()
      await Promise.all(clients)
      assert.deepEqual(failures, [])
    } finally {
      await lab.close()
      await certificate.remove()
    }
  })
}

test('two idle workers share new connections', async () => {
  const lab = await startWorkersLab()
  try {
    const connections: RawConnection[] = []
    // Whoever wakes first takes all that wait: each burst is a toss, so there are many of them.
    for (let burst = 0; burst < 100; burst++)
      connections.push(...(await Promise.all(Array.from({ length: 4 }, () => RawConnection.open(lab.port)))))
    for (const [number, connection] of connections.entries()) {
      connection.send(get(lab, `/share-${number}`))
      await connection.response()
    }
    const pids = await until('all records', () => {
      const records = lab.lines().map(line => JSON.parse(line))
      const found = records.filter(record => String(record['url.path']).startsWith('/share-'))
      return found.length === connections.length && found.map(record => record['process.pid'])
    })
    for (const pid of lab.workers()) {
      const share = pids.filter(one => one === pid).length / pids.length
      assert.ok(share > 0.2, `${share}`)
    }
    for (const connection of connections) connection.close()
  } finally {
    await lab.close()
  }
})
