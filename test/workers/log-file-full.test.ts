import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { canMount, mountSmallDisk } from '../../devkit/torhaus/small-disk.ts'
import { get } from './in-flight.ts'
import { startWorkersLab, until } from './workers-lab.ts'

test('while the disk of the log is full, requests go on, and it is counted what workers cannot write', {
  skip: !canMount && 'only root may mount',
}, async () => {
  await using disk = await mountSmallDisk(256)
  const lab = await startWorkersLab({}, undefined, join(disk.directory, 'torhaus.log') as `/${string}`)
  try {
    await disk.fill()
    await until('a failed write', async () => {
      const connection = await RawConnection.open(lab.port)
      connection.send(get(lab, '/x'))
      assert.equal((await connection.response()).status, 200)
      connection.close()
      return (await lab.metric('torhaus_log_writes_failed_total')) > 0
    })
    disk.empty()
    // What was begun before is not one line, perhaps.
    await until('what waited to be written', () => lab.lines().some(line => line.includes('"event.action":"request"')))
  } finally {
    await lab.close()
  }
})
