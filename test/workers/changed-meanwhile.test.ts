/** A file that changes while workers start: some have read it before, some after. */
import assert from 'node:assert/strict'
import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Certificate } from '../../devkit/torhaus/certificate.ts'
import { LOOKS, served, twoCertificates } from './served-certificate.ts'
import { isAlive, startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

const [first, second] = await twoCertificates()

/** Each is opened once its worker has read all files. */
const entrances = ({ runtime }: WorkersLab) =>
  readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.sock')).length

/** Certificate and key in one file, which changes at once. */
function put({ directory }: WorkersLab, { certificate, privateKey }: Certificate): string {
  const name = join(directory, 'own.pem')
  writeFileSync(`${name}.new`, privateKey + certificate)
  renameSync(`${name}.new`, name)
  return name
}

test('a certificate that is renewed while workers start is served by all of them soon after', async () => {
  const lab = await startWorkersLab({ drainDelayMs: 0 }, config => ({ ...config, reload: { watchIntervalMs: 200 } }))
  let held: number | undefined
  try {
    const file = put(lab, first)
    const [before, open] = [lab.workers(), entrances(lab)]
    await lab.rewrite(config => ({
      ...config,
      publicUrl: config.publicUrl.replace('http:', 'https:'),
      listener: { ...config.listener, port: lab.port, tls: { certificateFile: file, privateKeyFile: file } },
    }))
    // Both: the first is a program of its own then, and the supervisor does not wait for it.
    held = await until('new workers', () => {
      const [one, other] = lab.workers().filter(pid => !before.includes(pid))
      return other === undefined ? undefined : one
    })
    process.kill(held, 'SIGSTOP')
    await until('the other new worker', () => entrances(lab) > open)
    put(lab, second)
    process.kill(held, 'SIGCONT')
    const reloads = () => lab.metric('torhaus_config_reloads_total{outcome="success"}')
    await until('a reload for what came too late for the first', async () => (await reloads()) === 2)
    await until('the new certificate everywhere', async () => {
      const looks = await Promise.all(Array.from({ length: LOOKS }, () => served(lab.port).catch(() => '')))
      return looks.every(certificate => certificate === second.certificate.trim())
    })
    assert.equal(await lab.metric('torhaus_config_reloads_total{outcome="failure"}'), 0)
  } finally {
    if (held !== undefined && isAlive(held)) process.kill(held, 'SIGCONT')
    await lab.close()
  }
})
