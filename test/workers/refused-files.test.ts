/** Files that a reload has refused lie where those in force were. */
import assert from 'node:assert/strict'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { LOOKS, served, twoCertificates } from './served-certificate.ts'
import { startWorkersLab, until, type WorkersLab, withHeaderIdentity } from './workers-lab.ts'

const [first, second] = await twoCertificates()

const pairIn = ({ directory }: WorkersLab) => ({
  certificateFile: join(directory, 'cert.pem'),
  privateKeyFile: join(directory, 'key.pem'),
})

const withTls = (lab: WorkersLab) =>
  lab.rewrite(config => ({
    ...withHeaderIdentity(config, { port: lab.port, tls: pairIn(lab) }),
    publicUrl: config.publicUrl.replace('http:', 'https:'),
  }))

const reloads = (lab: WorkersLab, outcome: string) => lab.metric(`torhaus_config_reloads_total{outcome="${outcome}"}`)

const watching = (config: object) => ({ ...config, reload: { watchIntervalMs: 100 } }) as never

test('a worker that takes the place of another has the files of those beside it, not what was refused since', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0 }, watching)
  try {
    const { certificateFile, privateKeyFile } = pairIn(lab)
    await copyFile(first.certificateFile, certificateFile)
    await copyFile(first.privateKeyFile, privateKeyFile)
    await withTls(lab)
    await until('TLS', async () => (await reloads(lab, 'success')) === 1)
    await until('the old workers to end', () => lab.workers().length === 2)
    await copyFile(second.certificateFile, certificateFile)
    await until('the refusal', async () => (await reloads(lab, 'failure')) === 1)
    const [victim = 0] = lab.workers()
    process.kill(victim, 'SIGKILL')
    await until('another worker', () => !lab.workers().includes(victim) && lab.workers().length === 2)
    await until('both to listen', async () => (await lab.metric('torhaus_workers')) === 2)
    assert.equal(await lab.metric('torhaus_worker_restarts_total'), 1)
    const looks = await Promise.all(Array.from({ length: LOOKS }, () => served(lab.port)))
    assert.deepEqual([...new Set(looks)], [first.certificate.trim()])
  } finally {
    await lab.close()
  }
})

test('a file that a refused configuration has named is looked for, and taken once it is there', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0 }, watching)
  try {
    await withTls(lab)
    await until('the refusal', async () => (await reloads(lab, 'failure')) === 1)
    const { certificateFile, privateKeyFile } = pairIn(lab)
    await copyFile(first.certificateFile, certificateFile)
    await copyFile(first.privateKeyFile, privateKeyFile)
    await until('the reload', async () => (await reloads(lab, 'success')) === 1)
    assert.equal(await served(lab.port), first.certificate.trim())
  } finally {
    await lab.close()
  }
})
