import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runDemo } from '../../devkit/demo/demo-process.ts'
import { portTaken } from '../../devkit/demo/ports.ts'
import { startTorhaus } from '../../devkit/demo/torhaus-process.ts'
import { listen } from '../../devkit/op/listen.ts'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../../devkit/torhaus/torhaus-config.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'torhaus-demo-test-'))
})
after(() => rm(directory, { recursive: true, force: true }))

async function demoEnds(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = await runDemo(args, { TMPDIR: directory, ...environment }).ended
  return { status, stdout, stderr, left: await readdir(directory) }
}

test('a busy port is named in one sentence, with the variable to set, and nothing is left behind', async () => {
  const occupant = createServer()
  try {
    const busy = await listen(occupant, '127.0.0.1', 0)
    const [free] = await freePorts()
    const first = await demoEnds(['--json'], { PORT: `${busy}`, ADMIN_PORT: `${free}` })
    const stderr = `Port ${busy} is in use: set PORT to another port.\n`
    assert.deepEqual(first, { status: 1, stdout: '', stderr, left: [] })
    const second = await demoEnds(['--json'], { PORT: `${free}`, ADMIN_PORT: `${busy}` })
    assert.match(second.stderr, /set ADMIN_PORT to another port/)
  } finally {
    await new Promise(resolve => occupant.close(resolve))
  }
})

test('a port that another demo took after it was looked at is named with the variable to set', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'torhaus-demo-port-'))
  const occupant = createServer()
  try {
    const busy = await listen(occupant, '127.0.0.1', 0)
    const [free] = await freePorts()
    const addresses = { upstreamUrl: 'http://127.0.0.1:9', issuer: 'http://127.0.0.1:9', ownHost: false }
    const endOf = async (port: number, adminPort: number) => {
      const setting = { ...addresses, port, adminPort, clientSecret: 's'.repeat(43), directory: folder }
      const configFile = await writeTorhausConfig(setting)
      return startTorhaus(configFile, join(folder, `${port}.log`), { explain: portTaken }).ended
    }
    assert.equal(await endOf(busy, free), `Port ${busy} is in use: set PORT to another port.`)
    assert.equal(await endOf(free, busy), `Port ${busy} is in use: set ADMIN_PORT to another port.`)
  } finally {
    await new Promise(resolve => occupant.close(resolve))
    await rm(folder, { recursive: true, force: true })
  }
})

test('ports that are none and options that do not exist are refused in one sentence, with 2', async () => {
  const mistakes: [args: string[], environment: Record<string, string>, sentence: RegExp][] = [
    [[], { PORT: '80a' }, /^PORT is not a port number from 1 to 65535\.\n$/],
    [[], { PORT: '18080', ADMIN_PORT: '18080' }, /^PORT and ADMIN_PORT are both 18080: .*\n$/],
    [['--jsn'], {}, /^The demo does not know --jsn; .*\n$/],
  ]
  for (const [args, environment, sentence] of mistakes) {
    const { status, stderr } = await demoEnds(args, environment)
    assert.equal(status, 2)
    assert.match(stderr, sentence)
  }
})

test('a signal while it starts ends it with status 0 and nothing left behind', async () => {
  const [port, adminPort] = await freePorts()
  const starting = runDemo(['--json'], { TMPDIR: directory, PORT: `${port}`, ADMIN_PORT: `${adminPort}` })
  starting.child.stderr?.once('data', () => starting.child.kill('SIGINT'))
  const { status, stdout } = await starting.ended
  assert.deepEqual([status, stdout, await readdir(directory)], [0, '', []])
})
