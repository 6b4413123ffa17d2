/** A supervisor that cannot start leaves no worker, listener, watcher or pipe behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Config } from '../../config/schema.ts'
import { mainProgram } from '../../devkit/torhaus/torhaus-program.ts'
import { createLog } from '../../src/observability/log.ts'
import { SharedLogOutput } from '../../src/observability/shared-log-output.ts'
import { FileWatcher } from '../../src/process/file-watcher.ts'
import { Supervisor } from '../../src/process/supervisor.ts'
import { system } from '../../src/system.ts'
import { watchResources } from '../app/open-resources.ts'
import { type Break, inPlace, withAuditFile } from '../app/start-lab.ts'

/** Looks of the watcher come so often. */
const LOOK_MS = 5

async function taken(host: string, port: number): Promise<Server> {
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  return server
}

/** Nothing of it is to be read. */
class Silence extends SharedLogOutput {
  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done()
  }
}

function newSupervisor(config: Config, directory: string): Supervisor {
  const output = new Silence(() => undefined)
  return new Supervisor({
    ...{ config, output, surroundings: system, workerProgram: mainProgram() },
    fileName: join(directory, 'torhaus.yaml'),
    log: createLog(config.logging, output, system.now),
  })
}

const twoWorkers = (config: Config): Config => ({ ...config, listener: { ...config.listener, workers: 2 } })

async function failsAndLeavesNothing(change: Break, reason: object): Promise<void> {
  await inPlace(async (config, place) => {
    const supervisor = newSupervisor(change(twoWorkers(config), place), place.directory)
    const left = watchResources()
    await assert.rejects(supervisor.start(), reason)
    assert.deepEqual(await left(), [])
  })
}

test('nothing is left where the workers cannot start', () =>
  failsAndLeavesNothing((config, { file }) => withAuditFile(config, file('missing/audit.log')), { message: /ENOENT/ }))

test('nothing is left where the port of the workers is taken', () =>
  inPlace(async ({ listener }) => {
    const other = await taken(listener.host, listener.port)
    try {
      await failsAndLeavesNothing(
        config => ({ ...config, listener: { ...config.listener, host: listener.host, port: listener.port } }),
        { message: /EADDRINUSE/ },
      )
    } finally {
      await new Promise(closed => other.close(closed))
    }
  }))

test('nothing is left where the port of the admin listener is taken, and the workers listened already', () =>
  inPlace(async ({ admin }) => {
    const other = await taken(admin.host, admin.port)
    try {
      await failsAndLeavesNothing(config => ({ ...config, admin }), { code: 'EADDRINUSE' })
    } finally {
      await new Promise(closed => other.close(closed))
    }
  }))

test('a supervisor that is told to stop while it starts leaves nothing either', () =>
  inPlace(async (config, { directory }) => {
    const left = watchResources()
    const supervisor = newSupervisor(twoWorkers(config), directory)
    const started = supervisor.start().catch(() => undefined)
    await Promise.all([supervisor.kill(), started])
    assert.deepEqual(await left(), [])
  }))

test('a file that cannot be looked at for a while is a change like any other, and ends no process', () =>
  inPlace(async (_, { file }) => {
    const name = file('certificate', 'one')
    const { promise: changed, resolve: change } = Promise.withResolvers<void>()
    const left = watchResources()
    const watcher = new FileWatcher([name], LOOK_MS, change)
    unlinkSync(name)
    // stat(2) says ELOOP.
    symlinkSync(name, name)
    // Its timer keeps nobody running.
    const running = setInterval(() => undefined, LOOK_MS)
    await changed
    unlinkSync(name)
    writeFileSync(name, 'two')
    clearInterval(running)
    watcher[Symbol.dispose]()
    assert.deepEqual(await left(), [])
  }))
