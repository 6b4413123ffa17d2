/** An instance that a service manager starts and stops, not we: only its end is up to us. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InstancePlace, RunningInstance } from '../chaos/environment.ts'
import { atExit } from '../demo/at-exit.ts'
import { shellWord } from '../demo/last-will.ts'
import { runCommand } from '../realm/run-command.ts'
import { runningPid, type ServicePlace, serviceFiles } from './service.ts'

const READY_MS = 120_000
const POLL_MS = 100

export interface ServiceInstance extends RunningInstance {
  readonly name: string
  /** Of the supervisor that runs now; undefined while none does. */
  pid(): number | undefined
  /** The version that the next start runs. */
  activeVersion(): string
}

/** Started with the version in `versionFolder`. */
export async function launchService(
  { name, configFile, port, adminPort, directory }: InstancePlace,
  versionFolder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ServiceInstance> {
  const folder = join(directory, name)
  // Whoever is killed leaves its sockets there; they go with the folder.
  const runtimeDirectory = join(folder, 'run')
  mkdirSync(runtimeDirectory, { recursive: true, mode: 0o700 })
  const files = serviceFiles(folder)
  writeFileSync(
    files.place,
    JSON.stringify({
      configFile,
      environment: { ...environment, RUNTIME_DIRECTORY: runtimeDirectory },
    } satisfies ServicePlace),
  )
  symlinkSync(versionFolder, files.current)
  const killAll = () => killService(folder)
  atExit(killAll, `kill -s KILL -- -"$(cat ${shellWord(files.pid)})"`)
  try {
    await runCommand(process.execPath, [join(import.meta.dirname, 'service.ts'), 'start', folder])
    for (const deadline = performance.now() + READY_MS; ; await sleep(POLL_MS)) {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined)
      if (answer?.status === 200) break
      if (performance.now() > deadline || runningPid(folder) === undefined)
        throw new Error(`${name} does not start: ${readFileSync(files.log, 'utf8').slice(-2000)}`)
    }
  } catch (error) {
    killAll()
    throw error
  }
  const activeVersion = (): string =>
    JSON.parse(readFileSync(join(files.current, 'package.json'), 'utf8')).version as string
  return { name, port, adminPort, killAll, activeVersion, pid: () => runningPid(folder) }
}

/** With its workers: the supervisor leads a group of its own. */
function killService(folder: string): void {
  const pid = runningPid(folder)
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended in between.
  }
}
