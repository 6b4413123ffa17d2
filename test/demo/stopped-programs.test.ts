import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const INTERRUPTED = 130

/** With temporary files in `directory`. */
function start(args: readonly string[], directory: string): ChildProcess {
  const env = { ...process.env, TMPDIR: directory }
  return spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  const [code, signal] = await once(child, 'exit')
  return code ?? signal
}

/** Processes of which that stands in the arguments. */
const processesWith = (text: string) =>
  readdirSync('/proc').filter(name => /^\d+$/.test(name) && commandLine(name).includes(text))

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}

const PROGRAMS = {
  attack: ['devkit/attack/main.ts'],
  chaos: ['devkit/chaos/main.ts', '--faults', 'connections'],
}

for (const [name, args] of Object.entries(PROGRAMS))
  for (const signal of ['SIGINT', 'SIGHUP'] as const)
    test(`${signal} ends ${name} as interrupted, with its Torhaus and without its files`, {
      skip: existsSync('/proc/self') ? false : 'looks at /proc',
    }, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'torhaus-stopped-'))
      const child = start(args, directory)
      try {
        const ended = endOf(child)
        await eventually(() => globSync('*/torhaus.log', { cwd: directory }).length > 0, `${name} starts Torhaus`)
        child.kill(signal)
        assert.equal(await ended, INTERRUPTED)
        assert.deepEqual(readdirSync(directory), [])
        await eventually(() => processesWith(directory).length === 0, 'Torhaus ends')
      } finally {
        child.kill('SIGKILL')
        for (const pid of processesWith(directory)) process.kill(Number(pid), 'SIGKILL')
        rmSync(directory, { recursive: true, force: true })
      }
    })

test('SIGKILL ends a demo with its Torhaus, and without its files', {
  skip: !existsSync('/proc/self') && 'looks at /proc',
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-killed-'))
  const [port, adminPort] = await freePorts()
  const env = { ...process.env, TMPDIR: directory, PORT: `${port}`, ADMIN_PORT: `${adminPort}` }
  const child = spawn(process.execPath, ['devkit/demo/main.ts', '--json'], {
    ...{ cwd: ROOT, env, stdio: ['ignore', 'pipe', 'ignore'] },
  })
  try {
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await eventually(() => processesWith(directory).length === 0, 'Torhaus ends')
    await eventually(() => globSync('torhaus-*', { cwd: directory }).length === 0, 'the folder goes')
  } finally {
    child.kill('SIGKILL')
    for (const pid of processesWith(directory)) process.kill(Number(pid), 'SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a program of npm that is killed stops, though the shell between is left', {
  skip: !existsSync('/proc/self') && 'looks at /proc',
}, async () => {
  const script = `
    import { stopOnSignals } from './devkit/demo/program.ts'
    stopOnSignals('a test').addEventListener('abort', () => process.exit())
    setInterval(() => undefined, 1000)
    process.stdout.write(process.pid + ' ' + process.ppid + ' ')`
  // In place of npm. The second command keeps the shell from becoming the program.
  const npm = spawn(
    process.execPath,
    [
      '--eval',
      `
    const { spawn } = require('node:child_process')
    const shell = spawn('sh', ['-c', '"$0" --input-type=module --eval "$1"; :', process.execPath, ${JSON.stringify(script)}], { stdio: 'inherit' })
    setInterval(() => undefined, 1000)`,
    ],
    {
      ...{ cwd: ROOT, env: { ...process.env, npm_lifecycle_event: 'a test' }, stdio: ['ignore', 'pipe', 'inherit'] },
    },
  )
  const [said] = await once(npm.stdout, 'data')
  const [program = 0, shell = 0] = String(said).split(' ').map(Number)
  try {
    npm.kill('SIGKILL')
    await eventually(() => !existsSync(`/proc/${program}`), 'the program ends')
  } finally {
    npm.kill('SIGKILL')
    for (const pid of [program, shell]) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
  }
})

test('a second signal ends a program with the status that it chose, and undoes what was begun, the latest first', async () => {
  const script = `
    import { atExit } from './devkit/demo/at-exit.ts'
    import { stopOnSignals } from './devkit/demo/program.ts'
    import { temporaryFolder } from './devkit/demo/temporary-folder.ts'
    import { existsSync, writeSync } from 'node:fs'
    const { directory } = await temporaryFolder('torhaus-second-')
    atExit(() => { throw new Error('this one fails') })
    atExit(() => writeSync(1, existsSync(directory) + ' '))
    stopOnSignals('a test', ${INTERRUPTED}).addEventListener('abort', () => writeSync(1, 'stopping '))
    setInterval(() => undefined, 1000)
    writeSync(1, directory + ' ')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', text => (said += text))
  try {
    const ended = endOf(child)
    await eventually(() => said.endsWith(' '), 'the program runs')
    child.kill('SIGTERM')
    await eventually(() => said.endsWith('stopping '), 'the first signal is heard')
    child.kill('SIGTERM')
    assert.equal(await ended, INTERRUPTED)
    const [directory = '', ...rest] = said.trim().split(' ')
    assert.deepEqual(rest, ['stopping', 'true'])
    assert.equal(existsSync(directory), false)
  } finally {
    child.kill('SIGKILL')
  }
})

test('a program whose output cannot be written fails, in one sentence, and one whose reader has enough does not', {
  skip: existsSync('/dev/full') ? false : 'there is no /dev/full',
}, async () => {
  const run = async (output: string) => {
    const child = spawn('sh', ['-c', `"$0" devkit/sbom/main.ts ${output}`, process.execPath], {
      ...{ cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
    })
    const [complaints, ended] = [text(child.stderr), endOf(child)]
    return [await ended, await complaints]
  }
  assert.deepEqual(await run('> /dev/full'), [
    1,
    'The output cannot be written: ENOSPC: no space left on device, write\n',
  ])
  assert.deepEqual(await run('| head -1'), [0, ''])
})

test('a demo whose output nobody reads any more ends in order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-unread-'))
  const [port, adminPort] = await freePorts()
  const env = { ...process.env, TMPDIR: directory, PORT: `${port}`, ADMIN_PORT: `${adminPort}` }
  const child = spawn(process.execPath, ['devkit/demo/main.ts'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
  try {
    const [complaints, ended] = [text(child.stderr), endOf(child)]
    child.stdout.once('data', () => child.stdout.destroy())
    assert.deepEqual([await ended, await complaints, readdirSync(directory)], [0, '', []])
  } finally {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
})
