/** The operator's commands, run as programs. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { torhausCommand } from '../../devkit/torhaus/torhaus-program.ts'

export const listSessions = (...args: string[]) => run('list', args)

/** `error`: what standard error has beside records. */
export async function endSessions(...args: string[]) {
  const { out, error, code } = await run('end', args)
  const lines = error.split('\n')
  const isRecord = (line: string) => line.startsWith('{')
  const records = lines.filter(isRecord).map(line => JSON.parse(line) as Record<string, unknown>)
  const named = (action: string) => records.filter(record => record['event.action'] === action)
  const words = lines.filter(line => !isRecord(line)).join('\n')
  return { out, error: words, code, audit: named('sessions-ended'), missed: named('no-session-found') }
}

async function run(command: 'end' | 'list', args: readonly string[]) {
  const child = spawn(process.execPath, [torhausCommand, 'sessions', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 180_000,
  })
  const [out, error, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise(resolve => child.once('exit', resolve)),
  ])
  return { out, error, code }
}
