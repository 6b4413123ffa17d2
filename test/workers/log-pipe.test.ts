import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import { startWorkersLab, until } from './workers-lab.ts'

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
    assert.equal(lab.errors().match(/cannot write its log, and goes on without: EPIPE/g)?.length, 1)
    assert.equal((await lab.readiness()).status, 200)
    lab.supervisor.kill('SIGTERM')
    assert.equal(await lab.ended(), 0)
  } finally {
    await lab.close()
  }
})
