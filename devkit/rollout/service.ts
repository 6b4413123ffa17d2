/**
 * `node service.ts start|stop FOLDER`: what systemd is on a machine, for the instance in FOLDER. `start` runs the version
 * that the link `current` leads to, and returns at once; `stop` returns when it has drained and ended.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isRunning } from './is-running.ts'

const STOP_WITHIN_MS = 60_000
const POLL_MS = 50

export interface ServicePlace {
  readonly configFile: string
  readonly environment: Readonly<Record<string, string>>
}

export const serviceFiles = (folder: string) => ({
  place: join(folder, 'service.json'),
  pid: join(folder, 'service.pid'),
  log: join(folder, 'torhaus.log'),
  current: join(folder, 'current'),
})

export function runningPid(folder: string): number | undefined {
  const { pid } = serviceFiles(folder)
  if (!existsSync(pid)) return undefined
  const number = Number(readFileSync(pid, 'utf8'))
  return isRunning(number) ? number : undefined
}

function start(folder: string): void {
  if (runningPid(folder) !== undefined) throw new Error(`${folder}: runs already`)
  const files = serviceFiles(folder)
  const { configFile, environment }: ServicePlace = JSON.parse(readFileSync(files.place, 'utf8'))
  const log = openSync(files.log, 'a', 0o600)
  const entryPoint = join(realpathSync(files.current), 'src/main.ts')
  const child = spawn(process.execPath, [entryPoint, '--config', configFile], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...environment },
  })
  closeSync(log)
  writeFileSync(files.pid, `${child.pid}`)
  child.unref()
}

async function stop(folder: string): Promise<void> {
  const pid = runningPid(folder)
  if (pid !== undefined) process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + STOP_WITHIN_MS
  while (pid !== undefined && isRunning(pid)) {
    if (performance.now() > deadline) throw new Error(`${folder}: does not end`)
    await sleep(POLL_MS)
  }
  rmSync(serviceFiles(folder).pid, { force: true })
}

if (import.meta.main) {
  const [, , verb, folder = ''] = process.argv
  if (verb === 'start') start(folder)
  else if (verb === 'stop') await stop(folder)
  else throw new Error('start or stop?')
}
