import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Stop, wishesOn } from '../../src/cli/stop-signals.ts'

/** A supervisor whose drain ends when it is killed, as with a request that never finishes. */
function endless() {
  const asked: string[] = []
  const killed = Promise.withResolvers<void>()
  return {
    asked,
    drain(isDelayed: boolean) {
      asked.push(isDelayed ? 'drain, late' : 'drain')
      return killed.promise
    },
    async kill() {
      asked.push('kill')
      killed.resolve()
    },
  }
}

test('the console that Windows closes drains, and reloads nothing; a hang-up elsewhere reloads', () => {
  const [windows, linux] = [wishesOn('win32'), wishesOn('linux')]
  assert.equal(linux.SIGHUP, 'reload')
  assert.ok(Object.values(windows).every(wish => wish !== 'reload'))
  assert.deepEqual(Object.keys(windows).sort(), ['SIGBREAK', 'SIGHUP', 'SIGINT', 'SIGTERM'])
})

test('Ctrl-C waits for nobody to notice, Ctrl-Break does as SIGTERM', () => {
  for (const [signal, first] of [
    ['SIGINT', 'drain'],
    ['SIGBREAK', 'drain, late'],
    ['SIGTERM', 'drain, late'],
  ] as const) {
    const wish = wishesOn('win32')[signal]
    assert.ok(wish !== undefined && wish !== 'reload')
    const supervisor = endless()
    const stop = new Stop(supervisor)
    assert.equal(stop.ask(wish), 'drain')
    assert.equal(stop.ask(wish), 'kill')
    assert.deepEqual(supervisor.asked, [first, 'kill'])
  }
})

test('what has not finished in the seconds that Windows gives a closed console is ended in order', async () => {
  const supervisor = endless()
  const stop = new Stop(supervisor)
  const startedAt = performance.now()
  stop.ask({ isDelayed: false, withinMs: 50 })
  await Promise.all([stop.over, sleep(60)])
  assert.deepEqual(supervisor.asked, ['drain', 'kill'])
  assert.ok(performance.now() - startedAt < 5000)
  const { SIGHUP: closed } = wishesOn('win32')
  assert.ok(typeof closed === 'object' && closed.withinMs !== undefined && closed.withinMs < 5000)
})
