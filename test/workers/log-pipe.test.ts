import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { isAlive, startWorkersLab, until } from './workers-lab.ts'

/** Records of 5 KB: pipes, and what the supervisor and the worker keep, hold less. */
const MORE_THAN_WAITS = 400

test('when nobody reads the log any more, requests go on, standard error says it once, and it is counted', async () => {
  const lab = await startWorkersLab()
  try {
    lab.supervisor.stdout?.destroy()
    const ask = async () => {
      const connection = await RawConnection.open(lab.port)
      connection.send(requestText('GET /x', [`Host: 127.0.0.1:${lab.port}`, patField]))
      assert.equal((await connection.response()).status, 200)
      connection.close()
    }
    await until('more than one failed write', async () => {
      await ask()
      return (await lab.metric('torhaus_log_writes_failed_total')) > 1
    })
    assert.equal(lab.errors().match(/cannot write its log, and continues without it: EPIPE/g)?.length, 1)
    assert.equal((await lab.readiness()).status, 200)
    lab.supervisor.kill('SIGTERM')
    assert.equal(await lab.ended(), 0)
  } finally {
    await lab.close()
  }
})

test('a reader of the log that stands still keeps nobody from ending', async () => {
  const lab = await startWorkersLab({ drainTimeoutMs: 1000 })
  const before = lab.workers()
  try {
    lab.supervisor.stdout?.pause()
    const ended = once(lab.supervisor, 'exit')
    const connection = await RawConnection.open(lab.port)
    for (let count = 0; count < MORE_THAN_WAITS; count++) {
      connection.send(requestText(`GET /${'x'.repeat(4000)}`, [`Host: 127.0.0.1:${lab.port}`, patField]))
      assert.equal((await connection.response()).status, 200)
    }
    lab.supervisor.kill('SIGTERM')
    assert.deepEqual(await ended, [null, 'SIGKILL'])
    assert.ok(!before.some(isAlive))
  } finally {
    lab.supervisor.stdout?.resume()
    await lab.close()
  }
})
