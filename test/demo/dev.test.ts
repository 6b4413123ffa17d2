/** `npm run dev`, in a copy of the tree, so that a file may change. */
import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { freePorts } from '../../devkit/torhaus/free-port.ts'
import { copyTree, linkPackages, ROOT } from '../cli/command-lab.ts'

const TIMEOUT_MS = 360_000

function startDev(tree: string, env: Readonly<Record<string, string>>): ChildProcessByStdio<null, Readable, null> {
  const script: string = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts.dev
  const [, ...args] = script.split(' ')
  return spawn(process.execPath, [...args, '--json'], {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...env },
  })
}

test('a change of a file of Torhaus starts the demo again, and a signal ends it without remains', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-dev-'))
  const [tree, temporary] = [join(directory, 'tree'), join(directory, 'tmp')]
  await mkdir(temporary)
  copyTree(tree, ['devkit'])
  linkPackages(tree, true)
  const [port, adminPort] = await freePorts()
  const child = startDev(tree, { TMPDIR: temporary, PORT: `${port}`, ADMIN_PORT: `${adminPort}` })
  const ended = new Promise(resolve => child.once('exit', resolve))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  /** Resolves when a demo says that it is ready; the watch prints lines of its own between. */
  const demoReady = async () => {
    for (;;) {
      const { value, done } = await lines.next()
      assert.ok(done !== true, 'it ended')
      if (value.startsWith('{')) return
    }
  }
  try {
    await demoReady()
    appendFileSync(join(tree, 'src/http/cookie.ts'), '\n')
    await demoReady()
    child.kill('SIGTERM')
    await ended
    assert.deepEqual(await readdir(temporary), [])
  } finally {
    child.kill('SIGTERM')
    await ended
    await rm(directory, { recursive: true, force: true })
  }
})
