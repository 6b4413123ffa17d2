import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'

/**
 * Keeps every core from halting, with a process of the scheduling class that runs only when nothing else wants to
 * (sched(7), SCHED_IDLE). On a virtual machine it costs whoever sends a packet 10 us and more to wake a halted core; a
 * slow subject, whose generator waits for it, would be charged that, and a fast one, which keeps the other core busy,
 * would not.
 */
export async function keepAwake(): Promise<AsyncDisposable> {
  // Ends with this process, however that ends.
  const loop = `while kill -0 ${process.pid} 2>/dev/null; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; done`
  const children = Array.from({ length: availableParallelism() }, (_, core) =>
    spawn('chrt', ['--idle', '0', 'taskset', '--cpu-list', String(core), 'sh', '-c', loop], { stdio: 'ignore' }),
  )
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async child => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const ended = once(child, 'exit')
          child.kill('SIGKILL')
          await ended
        }),
      )
    },
  }
}
