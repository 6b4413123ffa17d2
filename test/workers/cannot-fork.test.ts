/** The system makes no process: it has no memory for one, say. Here it is asked for one with an environment too long. */
import assert from 'node:assert/strict'
import cluster from 'node:cluster'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../../devkit/torhaus/eventually.ts'
import { mainProgram } from '../../devkit/torhaus/torhaus-program.ts'
import { createLog } from '../../src/observability/log.ts'
import { SharedLogOutput } from '../../src/observability/shared-log-output.ts'
import { ServiceManager } from '../../src/process/service-manager.ts'
import { Supervisor } from '../../src/process/supervisor.ts'
import { system } from '../../src/system.ts'
import { inPlace } from '../app/start-lab.ts'

class Records extends SharedLogOutput {
  readonly all: Record<string, unknown>[] = []

  constructor() {
    super(() => undefined)
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (const line of chunk.toString().trim().split('\n')) this.all.push(JSON.parse(line))
    done()
  }

  of(action: string): Record<string, unknown>[] {
    return this.all.filter(record => record['event.action'] === action)
  }
}

/** Until it is disposed of, no process can be made. */
function noProcesses(): Disposable {
  process.env.TORHAUS_TOO_LONG = 'x'.repeat(200_000)
  return { [Symbol.dispose]: () => void delete process.env.TORHAUS_TOO_LONG }
}

const listening = () => Object.values(cluster.workers ?? {}).filter(worker => worker?.isConnected())

test('a worker that cannot be made is tried again ever later, and ends nobody', () =>
  inPlace(async (config, { directory }) => {
    const output = new Records()
    const supervisor = new Supervisor({
      ...{ output, surroundings: system, workerProgram: mainProgram() },
      config: { ...config, listener: { ...config.listener, workers: 1 } },
      fileName: join(directory, 'torhaus.yaml'),
      log: createLog(config.logging, output, system.now),
    })
    await supervisor.start()
    try {
      {
        using _none = noProcesses()
        const [worker] = listening()
        worker?.process.kill('SIGKILL')
        await eventually(async () => output.of('worker-failed').length === 2, 'it is tried again')
        assert.match(
          String(output.of('worker-failed')[0]?.['error.message']),
          /^a worker could not be started: .*E2BIG/,
        )
      }
      await eventually(async () => listening().length === 1, 'another worker')
    } finally {
      await supervisor.kill()
    }
  }))

test('a service manager that cannot be told is no end of the supervisor', async () => {
  using _none = noProcesses()
  const { promise, resolve } = Promise.withResolvers<Error>()
  new ServiceManager({ ...process.env, NOTIFY_SOCKET: '/none' }, system.monotonic, resolve).ready()
  assert.match((await promise).message, /E2BIG/)
})
