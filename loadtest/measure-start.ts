/**
 * `node loadtest/measure-start.ts [--rounds N] [--json]`: what a start takes, from the sources and from the bundle in turn, with one
 * worker and an OP that is away. The bundle is made first, in dist/. With `--json` one line,
 * `{"sources","bundle"}`, each with the medians below.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { bundle } from '../devkit/build/bundle.ts'
import { freePorts } from '../devkit/torhaus/free-port.ts'
import { writeTorhausConfig } from '../devkit/torhaus/torhaus-config.ts'
import { childrenOf, memoryOf, usageOf } from './lab/process-usage.ts'

const ROOT = resolve(import.meta.dirname, '..')
const PROGRAMS = { sources: 'src/main.ts', bundle: 'dist/main.js' } as const
/** For what is still done after the listener is open. */
const SETTLE_MS = 1000
const TIMEOUT_MS = 60_000

/** Medians of the rounds. */
interface StartFigures {
  /** From the start of the process to the record `start`: every worker listens. */
  readonly listeningMs: number
  /** Of both processes, a second later. */
  readonly cpuMs: number
  /** Resident, a second later; pages that both share count in both, by their part in PSS. */
  readonly supervisorMb: number
  readonly supervisorPssMb: number
  readonly workerMb: number
  readonly workerPssMb: number
}

async function startOnce(program: string): Promise<StartFigures> {
  const directory = mkdtempSync(join(tmpdir(), 'torhaus-start-'))
  const [port, adminPort] = await freePorts()
  const nowhere = 'http://127.0.0.1:9'
  const setting = { port, adminPort, upstreamUrl: nowhere, issuer: nowhere, clientSecret: 'x', directory }
  const configFile = await writeTorhausConfig(setting, usual => ({
    ...usual,
    listener: { ...usual.listener, workers: 1, drainDelayMs: 0 },
  }))
  const { PORT: _, ADMIN_PORT: __, HTTP_PLATFORM_PORT: ___, ...env } = process.env
  const beganAtMs = performance.now()
  const child = spawn(process.execPath, [join(ROOT, program), '--config', configFile], {
    ...{ env, timeout: TIMEOUT_MS },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  try {
    await untilStarted(child)
    const listeningMs = performance.now() - beganAtMs
    await sleep(SETTLE_MS)
    const pid = child.pid ?? 0
    const [worker = 0] = childrenOf(pid)
    const [ofSupervisor, ofWorker] = [memoryOf(pid), memoryOf(worker)]
    return {
      ...{ listeningMs, cpuMs: usageOf(pid).cpuUs / 1000 },
      ...{ supervisorMb: ofSupervisor.residentBytes / 1e6, supervisorPssMb: ofSupervisor.proportionalBytes / 1e6 },
      ...{ workerMb: ofWorker.residentBytes / 1e6, workerPssMb: ofWorker.proportionalBytes / 1e6 },
    }
  } finally {
    child.kill('SIGTERM')
    await ended
    rmSync(directory, { recursive: true, force: true })
  }
}

async function untilStarted({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) throw new Error('nothing to read from')
  const lines = createInterface({ input: stdout })
  await new Promise<void>((started, failed) => {
    lines.on('line', line => {
      if (line.includes('"event.action":"start"')) started()
    })
    lines.once('close', () => failed(new Error('Torhaus ended before it listened')))
  })
}

function medians(all: readonly StartFigures[]): StartFigures {
  const of = (read: (figures: StartFigures) => number) =>
    Math.round(all.map(read).toSorted((one, other) => one - other)[all.length >> 1] ?? 0)
  return {
    ...{ listeningMs: of(({ listeningMs }) => listeningMs), cpuMs: of(({ cpuMs }) => cpuMs) },
    supervisorMb: of(({ supervisorMb }) => supervisorMb),
    supervisorPssMb: of(({ supervisorPssMb }) => supervisorPssMb),
    workerMb: of(({ workerMb }) => workerMb),
    workerPssMb: of(({ workerPssMb }) => workerPssMb),
  }
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean' } } })
const rounds = Math.max(1, Math.trunc(Number(values.rounds)) || 1)
await bundle(ROOT, join(ROOT, 'dist'))
const figures = { sources: [] as StartFigures[], bundle: [] as StartFigures[] }
for (let round = 0; round < rounds; round++)
  for (const kind of ['sources', 'bundle'] as const) figures[kind].push(await startOnce(PROGRAMS[kind]))
const result = { sources: medians(figures.sources), bundle: medians(figures.bundle) }
if (values.json === true) process.stdout.write(`${JSON.stringify(result)}\n`)
else console.table(result)
