/** Reloads come faster than requests end: so many generations of workers finish what they have, and no more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import type { LogRecord } from '../../devkit/torhaus/torhaus-fixture.ts'
import { get } from './in-flight.ts'
import { startWorkersLab, until } from './workers-lab.ts'

const MOST = 3

test('for one more reload than may drain at a time the oldest workers are ended, and the others finish', async () => {
  const lab = await startWorkersLab({ workers: 1, drainDelayMs: 0, drainTimeoutMs: 300_000 }, config => ({
    ...config,
    reload: { watchIntervalMs: 0 },
  }))
  const { promise: over, resolve: finish } = Promise.withResolvers<void>()
  lab.origin.answerWith(async (request, response) => {
    if (request.url?.startsWith('/slow')) await over
    response.end('done')
  })
  const cuts = () =>
    lab
      .lines()
      .map(line => JSON.parse(line) as LogRecord)
      .filter(record => record['event.action'] === 'drain-cut')
  const connections: RawConnection[] = []
  const workers: number[] = []
  try {
    for (let reload = 1; reload <= MOST + 2; reload++) {
      const known = lab.workers()
      workers.push(...known.filter(pid => !workers.includes(pid)))
      const connection = await RawConnection.open(lab.port)
      connections.push(connection)
      connection.send(get(lab, `/slow${reload}`))
      await lab.origin.arrived(`/slow${reload}`)
      lab.supervisor.kill('SIGHUP')
      await until(
        'the reload',
        async () => (await lab.metric('torhaus_config_reloads_total{outcome="success"}')) === reload,
      )
      await until('no more than may drain', () => lab.workers().length === 1 + Math.min(reload, MOST))
    }
    await until('both records', () => cuts().length >= 2)
    assert.deepEqual(
      cuts().map(record => [record['torhaus.worker'], record['log.level']]),
      [
        [workers[0], 'warn'],
        [workers[1], 'warn'],
      ],
    )
    finish()
    const [first, second, ...others] = connections
    for (const ended of [first, second]) await assert.rejects(async () => ended?.response())
    for (const other of others) assert.equal((await other.response()).text, 'done')
    await until('they end, too', () => lab.workers().length === 1)
    assert.equal(cuts().length, 2)
  } finally {
    finish()
    await lab.close()
  }
})
