/** What a reload has brought into force counts for the supervisor, too: at a stop, in its log, and where it listens. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogRecord } from '../../devkit/torhaus/torhaus-fixture.ts'
import { startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

const byHand = (config: object): object => ({ ...config, reload: { watchIntervalMs: 0 } })

const startLab = (listener: object = {}, more: object = {}) =>
  startWorkersLab({ workers: 1, ...listener }, config => ({ ...byHand(config), ...more }) as typeof config)

async function reload(lab: WorkersLab, change: Parameters<WorkersLab['rewrite']>[0], outcome: string): Promise<void> {
  const name = `torhaus_config_reloads_total{outcome="${outcome}"}`
  const before = await lab.metric(name).catch(() => 0)
  await lab.rewrite(change)
  lab.supervisor.kill('SIGHUP')
  await until(`a reload: ${outcome}`, async () => (await lab.metric(name).catch(() => 0)) > before)
}

/** Why the reload was refused, which the log says about as soon as the metric. */
async function refusal(lab: WorkersLab): Promise<string> {
  const isRefusal = (record: LogRecord) => record['event.action'] === 'reload' && record['event.outcome'] === 'failure'
  return String((await lab.logged(isRefusal))['error.message'])
}

test('at SIGTERM requests are taken for as long as the configuration in force says', async () => {
  const lab = await startLab({ drainDelayMs: 0 })
  try {
    await reload(lab, config => ({ ...config, listener: { ...config.listener, drainDelayMs: 600_000 } }), 'success')
    lab.supervisor.kill('SIGTERM')
    await until('not ready', async () => (await lab.readiness()).status === 503)
    // The worker hears it from the supervisor, which has said so already.
    await until('an answer that closes', async () => {
      const taken = await fetch(`${lab.url}/.torhaus/jwks.json`)
      return taken.headers.get('connection') === 'close'
    })
    assert.equal(lab.supervisor.exitCode, null)
  } finally {
    await lab.close()
  }
})

test('the supervisor writes by the level in force', async () => {
  const lab = await startLab({ drainDelayMs: 0 }, { logging: { level: 'error' } })
  try {
    await reload(lab, config => ({ ...config, logging: { level: 'info' } }), 'success')
    await lab.logged(record => record['event.action'] === 'reload' && record['event.outcome'] === 'success')
  } finally {
    await lab.close()
  }
})

test('the admin listener moves to another address on its port, and stays where it cannot', async () => {
  const lab = await startLab({ drainDelayMs: 0 })
  try {
    await reload(lab, config => ({ ...config, admin: { ...config.admin, host: 'localhost' } }), 'success')
    assert.equal((await lab.livez()).status, 200)
    const credentialFile = join(lab.directory, 'credential')
    await writeFile(credentialFile, 'q0JvYk5vYm9keUtub3dzVGhpcw')
    const elsewhere = { host: '192.0.2.21', credentialFile }
    await reload(lab, config => ({ ...config, admin: { ...config.admin, ...elsewhere } }), 'failure')
    assert.match(await refusal(lab), /^admin\.host: this machine does not have 192\.0\.2\.21/)
    assert.equal((await lab.livez()).status, 200)
  } finally {
    await lab.close()
  }
})

test('where only the address of the listener changes, it is said that Torhaus itself has the port, and it goes on', async () => {
  const lab = await startLab({ drainDelayMs: 0 })
  try {
    const everywhere = { host: '0.0.0.0', port: lab.port }
    await reload(lab, config => ({ ...config, listener: { ...config.listener, ...everywhere } }), 'failure')
    assert.match(await refusal(lab), /^listener\.host: Torhaus itself has port \d+ on 127\.0\.0\.1 .*restart it/)
    assert.equal((await fetch(`${lab.url}/.torhaus/jwks.json`)).status, 200)
  } finally {
    await lab.close()
  }
})
