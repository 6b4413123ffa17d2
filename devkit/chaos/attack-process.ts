/**
 * An attack in processes of its own, with descriptors of their own: what it costs must not slow down the people who are
 * measured. It costs processor time nevertheless, of which a small machine has little: processes that only take as much
 * stand in for it when people are measured without it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { descriptorLimit } from '../../src/listener/descriptor-limit.ts'
import type { AttackTarget } from '../attack/connection-attack.ts'
import { connectionFaults } from './connection-faults.ts'

export interface AttackProcesses {
  /** Resolves to the part of a processor that each of them took. */
  stop(): Promise<number>
}

interface Work {
  stop(): Promise<void>
}

/** Under a small limit one process cannot open what an attack wants: several do as much of it as they can. */
const SMALL_LIMIT = 1024
const PROCESSES_UNDER_SMALL_LIMIT = 2
const SLICE_MS = 5
const IDLE = 'idle'

/** Resolves when the attack is under way. */
export const startAttack = (name: string, target: AttackTarget): Promise<AttackProcesses> =>
  startProcesses(name, JSON.stringify(target))

/** Attackers who take that part of a processor each, and leave everybody alone. */
export const startIdleAttackers = (processorPart: number): Promise<AttackProcesses> =>
  startProcesses(IDLE, String(processorPart))

async function startProcesses(what: string, setting: string): Promise<AttackProcesses> {
  const count = descriptorLimit() < SMALL_LIMIT ? PROCESSES_UNDER_SMALL_LIMIT : 1
  const all = await Promise.all(Array.from({ length: count }, () => startProcess(what, setting)))
  return {
    async stop() {
      const parts = await Promise.all(all.map(one => one.stop()))
      return parts.reduce((sum, part) => sum + part, 0) / parts.length
    },
  }
}

async function startProcess(what: string, setting: string): Promise<AttackProcesses> {
  const args = [import.meta.filename, what, setting]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error(`no attack: ${what}`)))])
  return {
    async stop() {
      const part = once(child, 'message')
      child.send('stop')
      const [taken] = await part
      await ended
      return Number(taken)
    },
  }
}

async function run(what: string, setting: string): Promise<void> {
  const work = what === IDLE ? takeTime(Number(setting)) : await attack(what, JSON.parse(setting))
  const startedAtMs = performance.now()
  const before = process.threadCpuUsage()
  process.send?.('started')
  await Promise.race([once(process, 'message'), once(process, 'disconnect')])
  const { user, system } = process.threadCpuUsage(before)
  const part = (user + system) / 1000 / (performance.now() - startedAtMs)
  await work.stop()
  process.send?.(part, () => process.exit())
}

async function attack(name: string, target: AttackTarget): Promise<Work> {
  const running = await connectionFaults.find(fault => fault.name === name)?.start(target)
  if (running === undefined) throw new Error(`unknown attack: ${name}`)
  return running
}

function takeTime(part: number): Work {
  const stopped = new AbortController()
  const taking = async () => {
    while (!stopped.signal.aborted) {
      const endsAtMs = performance.now() + SLICE_MS * Math.min(1, part)
      while (performance.now() < endsAtMs);
      await sleep(SLICE_MS * Math.max(0, 1 - part))
    }
  }
  const done = taking()
  return {
    async stop() {
      stopped.abort()
      await done
    },
  }
}

const [, , what, setting] = process.argv
if (import.meta.main && what !== undefined && setting !== undefined) await run(what, setting)
