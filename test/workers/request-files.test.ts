/** Torhaus asked by a file what a signal asks elsewhere: as on Windows, which has no signals to send. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { runTorhaus } from '../cli/command-lab.ts'
import { startInFlight } from './in-flight.ts'
import { startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

const command = (lab: WorkersLab, ...args: readonly string[]) => runTorhaus([...args, '--config', lab.configFile])

test('a stop file drains it as SIGTERM does, and it does not start again until the file is gone', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 500, drainTimeoutMs: 60_000 })
  try {
    const busy = await startInFlight(lab)
    const stopFile = join(lab.directory, 'torhaus.stop')
    await writeFile(stopFile, '')
    const { 'torhaus.reason': reason } = await lab.logged(record => record['event.action'] === 'drain')
    assert.equal(reason, 'file')
    assert.equal((await lab.readiness()).status, 503)
    busy.finish()
    assert.equal(await busy.text(), 'done')
    assert.equal(await lab.ended(), 0)
    const again = await command(lab, 'start')
    assert.deepEqual(again, {
      ...{ code: 0, out: '' },
      error: `Torhaus does not start while ${stopFile} exists: remove that file first.\n`,
    })
  } finally {
    await lab.close()
  }
})

test('`torhaus stop` waits until it has ended, and takes the stop file away, or leaves it with --hold', async () => {
  for (const [hold, isLeft] of [
    [[], false],
    [['--hold'], true],
  ] as const) {
    const lab = await startWorkersLab({ drainDelayMs: 0 })
    try {
      const { code, out, error } = await command(lab, 'stop', ...hold)
      assert.deepEqual([code, error], [0, ''])
      assert.equal(out, `Torhaus has stopped: nothing listens at ${lab.adminAddress} any more.\n`)
      assert.equal(await lab.ended(), 0)
      assert.equal(existsSync(join(lab.directory, 'torhaus.stop')), isLeft)
    } finally {
      await lab.close()
    }
  }
})

test('`torhaus stop` says where something goes on to answer, and leaves the stop file there', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0, drainTimeoutMs: 1000 })
  try {
    // Nobody looks at the files of another configuration.
    const other = join(lab.directory, 'other.yaml')
    await copyFile(lab.configFile, other)
    const { code, error } = await runTorhaus(['stop', '--config', other])
    assert.equal(code, 1)
    assert.match(error, /^Torhaus still answers at 127\.0\.0\.1:\d+ after 19 s; .*other\.stop is kept\n$/)
    assert.ok(existsSync(join(lab.directory, 'other.stop')))
  } finally {
    await lab.close()
  }
})

test('`torhaus stop` of what does not answer claims no end, and says who would end nevertheless', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0 }, config => ({ ...config, reload: { watchIntervalMs: 0 } }))
  try {
    const elsewhere = await freePort()
    await lab.rewrite(config => ({ ...config, admin: { ...config.admin, port: elsewhere } }))
    const { code, out, error } = await command(lab, 'stop')
    assert.deepEqual([code, error], [0, ''])
    assert.match(
      out,
      /^Nothing listened at 127\.0\.0\.1:\d+\. .* uses the admin address from before a change; .* stops within 2 s\.\n$/,
    )
    assert.equal(await lab.ended(), 0)
  } finally {
    await lab.close()
  }
})

test('`torhaus stop` with a configuration that has problems says what stops it all the same', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0 }, config => ({ ...config, reload: { watchIntervalMs: 0 } }))
  try {
    await lab.rewrite(config => ({ ...config, listener: { ...config.listener, workers: 0 } }))
    const { code, error } = await command(lab, 'stop')
    assert.equal(code, 78)
    const stopFile = join(lab.directory, 'torhaus.stop')
    assert.match(error, /listener\.workers: must be >= 1\n/)
    assert.ok(error.includes(`create ${stopFile} by hand`), error)
    await writeFile(stopFile, '')
    assert.equal(await lab.ended(), 0)
  } finally {
    await lab.close()
  }
})

test('`torhaus reload` resolves once new workers have taken over, and says what keeps them from it', async () => {
  const lab = await startWorkersLab({}, config => ({ ...config, reload: { watchIntervalMs: 0 } }))
  try {
    const before = lab.workers()
    await lab.rewrite(config => ({ ...config, listener: { ...config.listener, workers: 3 } }))
    assert.deepEqual(await command(lab, 'reload'), {
      ...{ code: 0, error: '' },
      out: 'Torhaus now runs with the current configuration.\n',
    })
    assert.equal((await lab.readiness()).body.parts.workers, '3 of 3')
    const { 'torhaus.reason': reason } = await lab.logged(record => record['event.action'] === 'reload')
    assert.equal(reason, 'request')
    await until('the old workers to end', () => !lab.workers().some(pid => before.includes(pid)))
    // A mistake is found before anybody is asked; what only a start can find, is said after it.
    await lab.rewrite(config => ({ ...config, listener: { ...config.listener, workers: 0 } }))
    const mistaken = await command(lab, 'reload')
    assert.equal(mistaken.code, 78)
    assert.match(mistaken.error, /torhaus\.yaml:\d+: listener\.workers: /)
    await lab.rewrite(config => ({ ...config, listener: { ...config.listener, workers: 1, host: '192.0.2.1' } }))
    const refused = await command(lab, 'reload')
    assert.deepEqual(refused, { code: 1, out: '', error: 'the configuration was not accepted; the log says why\n' })
    assert.equal((await lab.readiness()).body.parts.workers, '3 of 3')
  } finally {
    await lab.close()
  }
})

test('each reload says why it was asked for, also one that was asked for during another', async () => {
  const lab = await startWorkersLab({}, config => ({ ...config, reload: { watchIntervalMs: 0 } }))
  try {
    const before = lab.workers()
    await writeFile(join(lab.directory, 'torhaus.reload'), '')
    await until('new workers', () => lab.workers().some(pid => !before.includes(pid)))
    lab.supervisor.kill('SIGHUP')
    const reasons = () =>
      lab
        .lines()
        .map(line => JSON.parse(line) as Record<string, unknown>)
        .filter(record => record['event.action'] === 'reload')
        .map(record => record['torhaus.reason'])
    await until('both reloads', () => reasons().length === 2)
    assert.deepEqual(reasons(), ['request', 'signal'])
    // What goes wrong after the file was read says why it was begun, too.
    await lab.rewrite(config => ({ ...config, listener: { ...config.listener, host: '192.0.2.1' } }))
    lab.supervisor.kill('SIGHUP')
    await until('the refusal', () => reasons().length === 3)
    assert.equal(reasons().at(-1), 'signal')
  } finally {
    await lab.close()
  }
})

test('`torhaus reload` of what does not run says where nobody listens, and asks nobody', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0 })
  try {
    lab.supervisor.kill('SIGTERM')
    await lab.ended()
    const { code, error } = await command(lab, 'reload')
    assert.deepEqual(
      [code, error],
      [
        1,
        `nothing listens at ${lab.adminAddress}: Torhaus is not running, is still starting, or still uses the admin address from before a change; in that case, create ${join(lab.directory, 'torhaus.reload')} by hand\n`,
      ],
    )
    assert.ok(!existsSync(join(lab.directory, 'torhaus.reload')))
  } finally {
    await lab.close()
  }
})
