import assert from 'node:assert/strict'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { RawConnection, requestText } from '../../devkit/clients/raw-http.ts'
import { createCertificate } from '../../devkit/torhaus/certificate.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { patField } from '../../devkit/torhaus/proxy-under-test.ts'
import type { LogRecord } from '../../devkit/torhaus/torhaus-fixture.ts'
import { get, startInFlight } from './in-flight.ts'
import { startWorkersLab, until, type WorkersLab, withHeaderIdentity } from './workers-lab.ts'

const reloads = (lab: WorkersLab, outcome: string) => lab.metric(`torhaus_config_reloads_total{outcome="${outcome}"}`)
const isReload = (outcome: string) => (record: Readonly<Record<string, unknown>>) =>
  record['event.action'] === 'reload' && record['event.outcome'] === outcome

const recordsOf = (lab: WorkersLab) => lab.lines().map(line => JSON.parse(line) as LogRecord)

/** Only signals count: the file is not looked at. */
const byHand = (config: object): object => ({ ...config, reload: { watchIntervalMs: 0 } })

test('at SIGHUP new workers take over with the new configuration, and what is in flight is finished by the old ones', async () => {
  const lab = await startWorkersLab(
    { drainDelayMs: 0, drainTimeoutMs: 60_000 },
    config => byHand(config) as typeof config,
  )
  try {
    const busy = await startInFlight(lab)
    const old = lab.workers()
    await lab.rewrite(config => ({ ...config, listener: { ...config.listener, maxHeaderFields: 20, workers: 3 } }))
    lab.supervisor.kill('SIGHUP')
    await lab.logged(isReload('success'))
    assert.equal((await lab.readiness()).body.parts.workers, '3 of 3')
    const fresh = await RawConnection.open(lab.port)
    const many = Array.from({ length: 25 }, (_, number) => `X-Field-${number}: x`)
    fresh.send(requestText('GET /x', [`Host: 127.0.0.1:${lab.port}`, patField, ...many]))
    assert.equal((await fresh.response()).status, 431)
    busy.finish()
    assert.equal(await busy.text(), 'done')
    await until('the old workers to end', () => !lab.workers().some(pid => old.includes(pid)))
    assert.equal(await reloads(lab, 'success'), 1)
  } finally {
    await lab.close()
  }
})

test('a file with problems is refused with all of them, each with its line, and the old configuration stays', async () => {
  const lab = await startWorkersLab({}, config => byHand(config) as typeof config)
  try {
    const before = lab.workers()
    await lab.rewrite(config => ({
      ...config,
      publicUrl: 'nonsense',
      listener: { ...config.listener, maxHeaderFields: 1 },
    }))
    lab.supervisor.kill('SIGHUP')
    await until('the refusal', async () => (await reloads(lab, 'failure')) === 1)
    const problems = await until('both problems', () => {
      const found = recordsOf(lab).filter(isReload('failure'))
      return found.length === 2 && found
    })
    assert.deepEqual(problems.map(problem => problem['torhaus.config_path']).sort(), [
      'listener.maxHeaderFields',
      'publicUrl',
    ])
    assert.ok(problems.every(problem => Number(problem['torhaus.config_line']) > 0))
    assert.deepEqual(lab.workers(), before)
    assert.equal(await lab.metric('torhaus_config_last_reload_successful'), 0)
    const connection = await RawConnection.open(lab.port)
    connection.send(get(lab, '/x'))
    assert.equal((await connection.response()).status, 200)
  } finally {
    await lab.close()
  }
})

test('a port that is taken and a key that does not fit are refusals, too', async () => {
  const lab = await startWorkersLab({}, config => byHand(config) as typeof config)
  const [one, other] = [await createCertificate('IP:127.0.0.1'), await createCertificate('IP:127.0.0.1')]
  try {
    const before = lab.workers()
    const tls = { certificateFile: one.certificateFile, privateKeyFile: other.privateKeyFile }
    const changes = [{ port: Number(new URL(lab.op.issuer).port) }, { tls }]
    for (const [index, change] of changes.entries()) {
      await lab.rewrite(config => ({ ...config, listener: { ...config.listener, port: lab.port, ...change } }))
      lab.supervisor.kill('SIGHUP')
      await until('the refusal', async () => (await reloads(lab, 'failure')) === index + 1)
    }
    const reasons = await until('both reasons', () => {
      const found = recordsOf(lab).filter(isReload('failure'))
      return found.length === 2 && found
    })
    assert.match(String(reasons[0]?.['error.message']), /EADDRINUSE/)
    assert.match(
      String(reasons[1]?.['error.message']),
      /^\S+ does not belong to the certificate, the first in \S+: use/,
    )
    assert.deepEqual(lab.workers(), before)
    assert.equal((await lab.readiness()).status, 200)
  } finally {
    await lab.close()
    await one.remove()
    await other.remove()
  }
})

test('a certificate that changes on disk is served to new connections, and a half-written pair is not', async () => {
  const [first, second] = [await createCertificate('IP:127.0.0.1'), await createCertificate('IP:127.0.0.1')]
  const lab = await startWorkersLab({ drainDelayMs: 0 }, config => ({ ...config, reload: { watchIntervalMs: 200 } }))
  try {
    const [certificateFile, privateKeyFile] = [join(lab.directory, 'cert.pem'), join(lab.directory, 'key.pem')]
    await copyFile(first.certificateFile, certificateFile)
    await copyFile(first.privateKeyFile, privateKeyFile)
    const port = await freePort()
    await lab.rewrite(config => withHeaderIdentity(config, { port, tls: { certificateFile, privateKeyFile } }))
    await lab.logged(isReload('success'))
    const served = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()?.toString() ?? '')
          socket.destroy()
        })
        socket.on('error', reject)
      })
    assert.equal((await served()).trim(), first.certificate.trim())
    // Valid for two days.
    const ends = await lab.logged(record => record['event.action'] === 'certificate')
    assert.match(String(ends['error.message']), /expires on/)
    await copyFile(second.certificateFile, certificateFile)
    await lab.logged(isReload('failure'))
    assert.equal((await served()).trim(), first.certificate.trim())
    await copyFile(second.privateKeyFile, privateKeyFile)
    // Each worker reads the files when it starts: only now they have.
    await until('all of the new workers', async () => (await reloads(lab, 'success')) === 2)
    assert.equal((await served()).trim(), second.certificate.trim())
    await writeFile(certificateFile, '')
    await until('the refusal', async () => (await reloads(lab, 'failure')) >= 2)
    assert.equal((await served()).trim(), second.certificate.trim())
  } finally {
    await lab.close()
    await first.remove()
    await second.remove()
  }
})
