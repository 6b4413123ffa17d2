/**
 * The load test itself in its short form. Fails on what is counted only: a clock says nothing on a machine that others
 * use.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const RUNNER = resolve(import.meta.dirname, '../../loadtest/run.ts')
/** With the lab of Kerberos to be made first, on a busy machine. */
const TIMEOUT_MS = 720_000
const MAX_BUFFER = 1 << 24

/** SIGTERM lets the run end what it started. */
async function runShort(name: string, ...more: readonly string[]) {
  const args = [RUNNER, '--scenario', name, '--short', '--json', ...more]
  const options = { timeout: TIMEOUT_MS, killSignal: 'SIGTERM', maxBuffer: MAX_BUFFER } as const
  const { stdout } = await promisify(execFile)(process.execPath, args, options)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

const numbers = ['rps', 'p50Ms', 'p99Ms', 'cpuUsPerRequest', 'errors', 'upstreamSockets']

const RUNS = [
  ['session', '--tls', 'both'],
  ['session', '--store', 'redis'],
  ['pat-git', '--identities', '500,1'],
  ['handshake'],
  ['negotiate'],
] as const

const POPULATIONS = {
  session: { sessions: 500, principals: 250 },
  'pat-git': { personalAccessTokens: 500 },
  handshake: { personalAccessTokens: 1000 },
  negotiate: { tickets: 250 },
}
const PEERS = { session: [], 'pat-git': ['torhaus-1'], handshake: ['nginx'], negotiate: [] }

for (const [name, ...more] of RUNS) {
  test(`a short load of ${[name, ...more].join(' ')} ends without errors, and without more upstream connections than client connections`, async () => {
    const { scenario, store, population, subject, peers } = await runShort(name, ...more)
    assert.equal(scenario, name)
    assert.deepEqual(population, POPULATIONS[name])
    assert.deepEqual(Object.keys(peers), PEERS[name])
    assert.deepEqual(Object.keys(subject), store === 'redis' ? [...numbers, 'redisCommandsPerRequest'] : numbers)
    assert.ok(
      numbers.every(key => Number.isFinite(subject[key])),
      JSON.stringify(subject),
    )
    assert.equal(subject.errors, 0)
    assert.ok(subject.upstreamSockets <= 64, `${subject.upstreamSockets} upstream connections`)
    assert.ok(subject.rps > 0)
  })
}
