import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'

const entryPoint = resolve(import.meta.dirname, 'main.ts')
const timeoutMs = 60_000

export type DemoProcess = {
  readonly child: ChildProcess
  /** The first line on stdout; empty if the demo ends before it writes one. */
  readonly firstLine: Promise<string>
  /** What came of it, when it has ended. */
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>
}

/** Runs the demo as its users do. With `TMPDIR` in the environment it makes its temporary folder there. */
export function runDemo(args: readonly string[], environment: Readonly<Record<string, string>>): DemoProcess {
  const child = spawn(process.execPath, [entryPoint, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    env: { ...process.env, ...environment },
  })
  const exited = new Promise<number | null>(resolve => child.once('close', resolve))
  const firstLine = new Promise<string>(resolve => {
    let line = ''
    child.stdout.on('data', chunk => {
      line += chunk
      if (line.includes('\n')) resolve(line.slice(0, line.indexOf('\n')))
    })
    child.stdout.once('end', () => resolve(''))
  })
  const outputs = Promise.all([text(child.stdout), text(child.stderr), exited])
  return { child, firstLine, ended: outputs.then(([stdout, stderr, status]) => ({ status, stdout, stderr })) }
}
