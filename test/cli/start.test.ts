/** `torhaus start` as a service manager sees it: one process to signal, whichever Node began it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { listen } from '../../devkit/op/listen.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { mainProgram, torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import { oldNode, otherNode, runTorhaus } from './command-lab.ts'

const TIMEOUT_MS = 180_000
let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-start-'))
})
after(() => rm(directory, { recursive: true, force: true }))

async function writeConfig(port: number, adminPort: number): Promise<string> {
  const setting = { upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', clientSecret: 'x', directory }
  return writeTorhausConfig({ ...setting, port, adminPort }, config => ({
    ...config,
    listener: { ...config.listener, workers: 1, drainDelayMs: 0 },
  }))
}

/** Starts it, sends each signal once the log has the action before it, and returns the actions and how it ended. */
async function signalled(node: string, steps: readonly (readonly [after: string, signal: NodeJS.Signals])[]) {
  const [port = 0, adminPort = 0] = await freePorts()
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...env } = process.env
  const args = [torhausCommand, 'start', '--config', await writeConfig(port, adminPort)]
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'], env, timeout: TIMEOUT_MS })
  const ended = new Promise<[number | null, NodeJS.Signals | null]>(done => child.once('exit', (...how) => done(how)))
  const complaints = text(child.stderr)
  const actions: string[] = []
  const waiting = [...steps]
  for await (const line of createInterface({ input: child.stdout })) {
    const action = String((JSON.parse(line) as Record<string, unknown>)['event.action'])
    actions.push(action)
    if (action === waiting[0]?.[0]) child.kill(waiting.shift()?.[1])
  }
  return { actions, how: await ended, complaints: await complaints }
}

const nodes = {
  'the Node of the packages': () => process.execPath,
  'another Node': () => otherNode(directory),
  'an old Node': oldNode,
}
for (const [name, find] of Object.entries(nodes)) {
  test(`begun by ${name}, it reloads at SIGHUP, and drains and ends with 0 at SIGTERM`, async t => {
    const node = find()
    if (node === undefined) return t.skip('there is none')
    const { actions, how, complaints } = await signalled(node, [
      ['start', 'SIGHUP'],
      ['reload', 'SIGTERM'],
    ])
    assert.deepEqual([how, complaints], [[0, null], ''])
    for (const action of ['start', 'reload', 'drain']) assert.ok(actions.includes(action), actions.join(' '))
    assert.ok(!actions.includes('kill'), 'the signal arrives once')
  })
}

test('the program of service managers is the same command', async () => {
  const main = mainProgram()
  const { code, error } = await runTorhaus([], main)
  assert.equal(code, 2)
  assert.match(error, /^--config FILE is needed\nusage: torhaus start --config FILE\n/)
  assert.equal((await runTorhaus(['--config', '/no/such/file'], main)).code, 78)
})

test('a taken port ends it with 1 and one line on standard error', async () => {
  const occupant = createServer()
  try {
    const busy = await listen(occupant, '127.0.0.1', 0)
    const [adminPort = 0] = await freePorts()
    const { code, out, error } = await runTorhaus(['start', '--config', await writeConfig(busy, adminPort)])
    assert.equal(code, 1)
    assert.doesNotMatch(out, /"event\.action":"start"/)
    assert.match(error, /^Torhaus cannot start: [^\n]*EADDRINUSE[^\n]*\n$/)
  } finally {
    await new Promise(resolve => occupant.close(resolve))
  }
})
