import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { closeServer } from '../../devkit/op/close-server.ts'
import { listen } from '../../devkit/op/listen.ts'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'
import { writeRequest } from '../../src/cli/write-request.ts'
import { runTorhaus } from './command-lab.ts'

let directory: string
let configFile: string
/** What it says of itself at the admin listener, while it does not end. */
let life: unknown = { alive: true, reloads: { success: 0, failure: 0 } }
const admin = createServer((_, response) => response.end(JSON.stringify(life)))

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'torhaus-stop-'))
  const adminPort = await listen(admin, '127.0.0.1', 0)
  const setting = { upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', clientSecret: 'x', directory }
  configFile = await writeTorhausConfig({ ...setting, port: 8080, adminPort })
})
after(async () => {
  await closeServer(admin)
  rmSync(directory, { recursive: true, force: true })
})

/** Until the stop file is there, and then that signal. */
async function interrupted(signal: NodeJS.Signals, more: readonly string[] = []) {
  const args = [torhausCommand, 'stop', '--config', configFile, ...more]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  try {
    const complaint = child.stderr === null ? '' : text(child.stderr)
    const ended = once(child, 'exit')
    const stopFile = join(directory, 'torhaus.stop')
    await eventually(() => existsSync(stopFile), 'the stop file')
    child.kill(signal)
    const [code] = await ended
    return { code, complaint: await complaint, isLeft: existsSync(stopFile) }
  } finally {
    child.kill('SIGKILL')
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  test(`${signal} while a stop waits takes its file away, so that Torhaus can be started again`, async () => {
    const { code, complaint, isLeft } = await interrupted(signal)
    assert.match(complaint, new RegExp(`^${signal} arrived before Torhaus had stopped; .*torhaus\\.stop is removed`))
    assert.deepEqual([code, isLeft], [130, false])
  })

test('a stop that holds leaves its file also where a signal ends it, and says so', async () => {
  const { code, complaint, isLeft } = await interrupted('SIGINT', ['--hold'])
  assert.match(complaint, /torhaus\.stop is kept \(--hold\)/)
  assert.deepEqual([code, isLeft], [130, true])
})

for (const [command, signal] of [
  ['stop', 'SIGTERM'],
  ['reload', 'SIGHUP'],
] as const)
  test(`a ${command} whose file cannot be written names it, and what does without`, async t => {
    const file = join(directory, `torhaus.${command}`)
    rmSync(file, { force: true })
    mkdirSync(file)
    t.after(() => rmSync(file, { recursive: true }))
    const { code, out, error } = await runTorhaus([command, '--config', configFile])
    const place = `^\\S+torhaus\\.${command} cannot be written, so Torhaus was not asked to ${command}: EISDIR`
    assert.match(error, new RegExp(`${place}.*, send ${signal} to the supervisor, as .systemctl ${command} torhaus. `))
    assert.deepEqual([code, out], [1, ''])
    const onWindows = () => writeRequest(command, file, '', 'win32')
    assert.throws(onWindows, /Run the command as an administrator; (?!.*(SIG|systemctl))/)
  })

test('a reload says that what listens at the admin address is no Torhaus', async () => {
  for (const other of [{}, null, 'ok', { reloads: 1 }]) {
    life = other
    const { code, error } = await runTorhaus(['reload', '--config', configFile])
    assert.match(error, /^the admin listener at 127\.0\.0\.1:\d+ does not answer like Torhaus .*is not Torhaus\n$/)
    assert.equal(code, 1)
  }
})
