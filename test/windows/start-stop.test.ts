/** The whole of it started, reloaded and stopped as under Windows: by its command and its files, with no signal and no shell. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

const TIMEOUT_MS = 360_000

/** `HTTP_PLATFORM_PORT`: how IIS says which port it has chosen. */
function torhaus(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...env } = process.env
  const child = spawn(process.execPath, [torhausCommand, ...args], {
    ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS, env: { ...env, ...environment } },
  })
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  return { child, ended, out: text(child.stdout), complaints: text(child.stderr) }
}

test('it listens where IIS says, takes a file that was renamed into place, and ends when it is asked by a file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-windows-'))
  const [ignoredPort, adminPort, port] = [await freePort(), await freePort(), await freePort()]
  const setting = { upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', clientSecret: 'x', directory }
  const configFile = await writeTorhausConfig({ ...setting, port: ignoredPort, adminPort })
  const { child, ended, out, complaints } = torhaus(['start', '--config', configFile], {
    HTTP_PLATFORM_PORT: String(port),
  })
  try {
    await ready(adminPort)
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Authorization: 'Bearer wrong' } })
    assert.equal(answer.status, 401)
    await writeFile(`${configFile}.new`, `${await readFile(configFile, 'utf8')}# changed\n`)
    await rename(`${configFile}.new`, configFile)
    const reload = torhaus(['reload', '--config', configFile])
    assert.deepEqual([await reload.ended, await reload.complaints], [0, ''])
    const stop = torhaus(['stop', '--config', configFile])
    assert.deepEqual([await stop.ended, await stop.complaints], [0, ''])
    assert.deepEqual([await ended, await complaints], [0, ''])
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`))
    assert.ok(!existsSync(join(directory, 'torhaus.stop')))
    const actions = (await out).split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)['event.action']]))
    for (const action of ['start', 'reload', 'drain']) assert.ok(actions.includes(action), actions.join(' '))
  } finally {
    child.kill('SIGKILL')
    await ended
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
})

async function ready(adminPort: number): Promise<void> {
  for (const deadline = performance.now() + TIMEOUT_MS / 2; performance.now() < deadline; await sleep(100)) {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined)
    if (answer?.status === 200) return
  }
  throw new Error('it was not ready in time')
}
