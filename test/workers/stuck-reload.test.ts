/** New workers that do not come to listen, while the old ones serve. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { RawConnection } from '../../devkit/clients/raw-http.ts'
import { get } from './in-flight.ts'
import { isAlive, startWorkersLab, until, type WorkersLab } from './workers-lab.ts'

const byHand = (config: object) => ({ ...config, reload: { watchIntervalMs: 0 } }) as never

/** Each is opened once its worker listens. */
const entrances = ({ runtime }: WorkersLab) =>
  readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.sock')).length

interface Stuck {
  readonly old: number[]
  /** Entrances before it. */
  readonly open: number
  readonly stuck: number
  saidSince(): string[]
}

/** Asks for a reload whose first worker stands still before it has read its orders. */
async function stuckReload(lab: WorkersLab): Promise<Stuck> {
  for (;;) {
    const [old, open, said] = [lab.workers(), entrances(lab), lab.lines().length]
    lab.supervisor.kill('SIGHUP')
    // Both: the first is a program of its own then, and the supervisor does not wait for it.
    const stuck = await until('new workers', () => {
      const [one, other] = lab.workers().filter(pid => !old.includes(pid))
      return other === undefined ? undefined : one
    })
    process.kill(stuck, 'SIGSTOP')
    if (entrances(lab) === open) return { old, open, stuck, saidSince: () => lab.lines().slice(said) }
    // It listened before it could be stopped, or the other one did: once more.
    process.kill(stuck, 'SIGCONT')
    await until(
      'all to be as before',
      () => !old.some(isAlive) && lab.workers().length === 2 && entrances(lab) === open,
    )
  }
}

test('a stop waits for no reload: requests in flight finish, and what does not come to listen is ended', async () => {
  const lab = await startWorkersLab({ drainTimeoutMs: 1000 }, byHand)
  try {
    const { old, saidSince } = await stuckReload(lab)
    lab.supervisor.kill('SIGTERM')
    await until('the old workers to end', () => !old.some(isAlive))
    assert.equal(await lab.ended(), 0)
    const failures = saidSince().filter(line => line.includes('"reload"'))
    assert.deepEqual(failures, [], 'nobody has refused it')
  } finally {
    await lab.close()
  }
})

test('what new workers have taken is finished, where one of them cannot start', async () => {
  const lab = await startWorkersLab({ drainTimeoutMs: 60_000 }, byHand)
  const stopped: number[] = []
  try {
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
    lab.origin.answerWith(async (request, response) => {
      if (request.url === '/slow') await finished
      response.end('done')
    })
    const { old, open, stuck } = await stuckReload(lab)
    await until('the other one to listen', () => entrances(lab) > open)
    // Nobody but the new worker takes it.
    for (const pid of old) process.kill(pid, 'SIGSTOP')
    stopped.push(...old)
    const connection = await RawConnection.open(lab.port)
    connection.send(get(lab, '/slow'))
    await lab.origin.arrived('/slow')
    process.kill(stuck, 'SIGKILL')
    await lab.logged(record => record['event.action'] === 'reload' && record['event.outcome'] === 'failure')
    for (const pid of stopped.splice(0)) process.kill(pid, 'SIGCONT')
    finish()
    assert.equal((await connection.response()).text, 'done')
    await until('the new workers to end', () => lab.workers().every(pid => old.includes(pid)))
    assert.equal((await lab.readiness()).status, 200)
  } finally {
    for (const pid of stopped) if (isAlive(pid)) process.kill(pid, 'SIGCONT')
    await lab.close()
  }
})
