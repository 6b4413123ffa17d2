/**
 * An attack in processes of its own, with descriptors of their own: what it costs must not slow down the people who are
 * measured.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { descriptorLimit } from '../../src/listener/descriptor-limit.ts'
import type { AttackTarget, RunningAttack } from '../attack/connection-attack.ts'
import { connectionFaults } from './connection-faults.ts'

/** Under a small limit one process cannot open what an attack wants: several do as much of it as they can. */
const SMALL_LIMIT = 1024
const PROCESSES_UNDER_SMALL_LIMIT = 2

export async function startAttack(name: string, target: AttackTarget): Promise<RunningAttack> {
  const count = descriptorLimit() < SMALL_LIMIT ? PROCESSES_UNDER_SMALL_LIMIT : 1
  const all = await Promise.all(Array.from({ length: count }, () => startProcess(name, target)))
  return {
    async stop() {
      await Promise.all(all.map(one => one.stop()))
    },
  }
}

async function startProcess(name: string, target: AttackTarget): Promise<RunningAttack> {
  const args = [import.meta.filename, name, JSON.stringify(target)]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error(`no attack: ${name}`)))])
  return {
    async stop() {
      if (child.connected) child.send('stop')
      await ended
    },
  }
}

async function attack(name: string, target: AttackTarget): Promise<void> {
  const running = await connectionFaults.find(fault => fault.name === name)?.start(target)
  if (running === undefined) throw new Error(`unknown attack: ${name}`)
  process.send?.('started')
  await Promise.race([once(process, 'message'), once(process, 'disconnect')])
  await running.stop()
  process.exit()
}

const [, , name, target] = process.argv
if (import.meta.main && name !== undefined && target !== undefined) await attack(name, JSON.parse(target))
