/**
 * A Debian that has booted by systemd, beside the machine: namespaces of its own for mounts, processes, names, IPC, network and
 * cgroups, and a root of its own, in which guard.sh proves that nothing of the machine is in sight before systemd runs.
 *
 *   unshare -> enter.sh (mounts, pivot_root) -> guard.sh (drops the old root, looks around) -> systemd
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type CommandResult, runCommand, tryCommand } from '../realm/run-command.ts'

const SYSTEMD = ['/lib/systemd/systemd', '--unit=multi-user.target', '--show-status=no', '--log-level=warning']
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--uts', '--ipc', '--cgroup', '--net']
const BOOT_WITHIN_MS = 180_000
const POLL_MS = 200
/** Of systemctl(1): booted, whatever else failed. */
const BOOTED = ['running', 'degraded']

export interface BootedDebian extends AsyncDisposable {
  /** In the machine, as root. */
  try(...command: string[]): Promise<CommandResult>
  /** The same. @throws where it ends with anything but 0. */
  run(...command: string[]): Promise<string>
}

/** Undefined where a Debian can be booted here; else why not. */
export function whyNotBooted(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs Linux and root'
  const folder = unifiedFolder()
  if (folder === undefined) return 'needs cgroups of version 2'
  const probe = join(folder, `torhaus-probe-${process.pid}`)
  try {
    mkdirSync(probe)
    rmdirSync(probe)
    return undefined
  } catch (error) {
    return `needs cgroups that can be written: ${(error as Error).message}`
  }
}

/** Where cgroups of version 2 are mounted, alone or beside those of version 1. */
const unifiedFolder = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find(line => line.includes(' - cgroup2 '))
    ?.split(' ')[4]

/** @returns its folder. */
export function makeCgroup(name: string): string {
  const folder = join(unifiedFolder() ?? '', `torhaus-${name}-${process.pid}`)
  mkdirSync(folder)
  return folder
}

/** `root`: unpacked, with systemd in it. `witness`: a folder of the machine, for the guard. */
export async function bootDebian(root: string, witness: string): Promise<BootedDebian> {
  const cgroup = makeCgroup('machine')
  const environment = ['env', '-i', 'container=torhaus-test', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin']
  const launched = spawn('sh', enterArguments({ root, witness, cgroup }, [...environment, ...SYSTEMD]), {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  launched.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)))
  const ended = once(launched, 'exit')
  const end = async () => {
    launched.kill('SIGKILL')
    await ended
    await removeCgroup(cgroup)
    rmSync(join(root, 'marker'), { force: true })
  }
  process.once('exit', () => launched.kill('SIGKILL'))
  const inside = (command: readonly string[]): [string, string[]] => {
    const [first = ''] = readFileSync(`/proc/${launched.pid}/task/${launched.pid}/children`, 'utf8').split(' ')
    const own = ['--mount', '--pid', '--uts', '--ipc', '--net', '--cgroup', '--root', '--wd']
    return ['nsenter', ['--target', first, ...own, ...environment, ...command]]
  }
  const machine: BootedDebian = {
    try: (...command) => tryCommand(...inside(command), { timeoutMs: 120_000 }),
    run: (...command) => runCommand(...inside(command), { timeoutMs: 120_000 }),
    [Symbol.asyncDispose]: end,
  }
  try {
    for (const deadline = performance.now() + BOOT_WITHIN_MS; ; await sleep(POLL_MS)) {
      if (launched.exitCode !== null) throw new Error(`no Debian was booted: ${said.trim()}`)
      if (
        isSystemd(launched.pid) &&
        BOOTED.includes((await machine.try('systemctl', 'is-system-running')).stdout.trim())
      )
        return machine
      if (performance.now() > deadline) throw new Error(`Debian has not booted: ${said.trim()}`)
    }
  } catch (error) {
    await end()
    throw error
  }
}

export interface Entered {
  readonly root: string
  readonly witness: string
  readonly cgroup: string
}

/** Arguments of sh(1): `program` behind the guard, in a cgroup of its own. */
export function enterArguments({ root, witness, cgroup }: Entered, program: readonly string[]): string[] {
  copyFileSync(join(import.meta.dirname, 'guard.sh'), join(root, 'guard.sh'))
  const script = 'echo $$ >"$1/cgroup.procs" && shift && exec unshare "$@"'
  const enter = ['sh', join(import.meta.dirname, 'enter.sh'), root, randomUUID(), witness]
  return ['-c', script, 'sh', cgroup, ...NAMESPACES, '--propagation', 'private', ...enter, ...program]
}

/** Before that, the namespaces are still those of the shell that makes them. */
function isSystemd(parent: number | undefined): boolean {
  try {
    const [first = ''] = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ')
    return readFileSync(`/proc/${first}/comm`, 'utf8').trim() === 'systemd'
  } catch {
    return false
  }
}

/** Those that systemd made in it first; the kernel may need a moment for the processes that were killed. */
export async function removeCgroup(folder: string): Promise<void> {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => join(entry.parentPath, entry.name))
  for (const path of [...all, folder].sort((one, other) => other.length - one.length))
    for (let left = 50; ; left--)
      try {
        rmdirSync(path)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') break
        if (left === 0) throw error
        await sleep(100)
      }
}
