/**
 * `npm run wine [-- --json]`: Torhaus in the Node for Windows, in Debian's wine, before a real directory and a real origin server
 * with Kerberos. Not a part of `npm test`: wine is no Windows, and takes a while. With TORHAUS_BUNDLE=FOLDER it runs what is
 * shipped. With `--json` the last line is `{"wine","node","steps":[{"name","passed","seconds","why"}]}`.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { endWith, flagsFrom, stopOnSignals } from '../demo/program.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { startApacheOrigin } from '../realm/apache-origin.ts'
import { startInitiator } from '../realm/initiator.ts'
import { startLabTorhaus } from '../realm/lab-torhaus.ts'
import { runCommand } from '../realm/run-command.ts'
import { startSambaKdc } from '../realm/samba-kdc.ts'
import { DRAIN_DELAY_MS, stepsOf } from './steps.ts'
import { startWineNode } from './wine-node.ts'

interface Step {
  readonly name: string
  readonly passed: boolean
  readonly seconds: number
  readonly why?: string
}

const tell = (line: string) => void process.stderr.write(`${line}\n`)

async function run(): Promise<ExitCode> {
  const [isJson = false] = flagsFrom('wine', process.argv.slice(2), ['--json'])
  const signal = stopOnSignals('wine')
  const { directory, remove } = await temporaryFolder('torhaus-wine-')
  await using opened = new AsyncDisposableStack()
  opened.defer(remove)
  tell('Making a prefix of wine ...')
  const wine = opened.use(await startWineNode(join(directory, 'wine')))
  const env = { ...process.env, ...wine.environment }
  const said = join(directory, 'said')
  const command = async (args: readonly string[]) => {
    // Pipes of this system are no pipes to a Node in wine; files are files.
    const script = 'said=$1; shift; "$@" >"$said" 2>&1 </dev/null || { cat "$said" >&2; exit 1; }'
    await runCommand('bash', ['-c', script, 'bash', said, ...wine.command, ...args], { env, timeoutMs: 300_000 })
    return readFileSync(said, 'utf8')
  }
  const node = (await command(['--print', 'process.version + " " + process.platform'])).trim()
  tell(`${wine.wine} runs Node ${node}. Starting the directory, the origin server, and Torhaus ...`)
  const kdc = await startSambaKdc()
  opened.defer(kdc.close)
  signal.throwIfAborted()
  const apache = await startApacheOrigin({ kdc })
  opened.defer(apache.close)
  const initiator = await startInitiator(kdc)
  opened.defer(() => initiator.close())
  const torhaus = await startLabTorhaus({
    ...{ kdc, upstream: apache.perRequest, firstFactorIsEnough: true, signal },
    ...{ node: wine.command, environment: wine.environment },
    configure: config => ({
      ...config,
      listener: { ...config.listener, workers: 2, drainDelayMs: DRAIN_DELAY_MS, drainTimeoutMs: 30_000 },
    }),
  })
  opened.defer(() => torhaus.stop())
  const steps: Step[] = []
  for (const [name, take] of stepsOf({ torhaus, kdc, initiator, command })) {
    const startedAt = performance.now()
    const why = await take().then(
      () => undefined,
      (error: Error) => error.message,
    )
    const seconds = Math.round(performance.now() - startedAt) / 1000
    steps.push({ name, passed: why === undefined, seconds, ...(why !== undefined && { why }) })
    tell(`${why === undefined ? 'passed' : 'FAILED'}  ${name} (${seconds} s)${why === undefined ? '' : `: ${why}`}`)
  }
  if (isJson) process.stdout.write(`${JSON.stringify({ wine: wine.wine, node, steps })}\n`)
  return steps.every(({ passed }) => passed) ? exitCode.done : exitCode.failed
}

endWith('wine', run)
