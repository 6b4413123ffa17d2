/**
 * `npm run example -- NAME`: one of `deploy/examples/`, on loopback, until Ctrl-C. `--json` prints one JSON line on
 * stdout when all is ready, and everything else on stderr.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { UsageError } from '../demo/demo-error.ts'
import { portsFrom, requireFree } from '../demo/ports.ts'
import { endWith, flagsFrom, stopOnSignals, untilStopped } from '../demo/program.ts'
import { EXAMPLES } from './example-files.ts'
import { type ExampleFacts, startExample } from './start-example.ts'

async function run(): Promise<ExitCode> {
  const [name = '', ...rest] = process.argv.slice(2)
  if (!Object.hasOwn(EXAMPLES, name))
    throw new UsageError(`There is no example ${name || 'without a name'}: choose ${Object.keys(EXAMPLES).join(', ')}.`)
  const [json = false] = flagsFrom('example', rest, ['--json'])
  const { port } = portsFrom(process.env)
  // Otherwise whoever listens there would pass for HAProxy.
  await requireFree(port, 'PORT')
  const stop = stopOnSignals('example')
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  tell(`Starting ${name} ...`)
  const example = await startExample(name, port, stop).catch(error => {
    if (stop.aborted) return undefined
    throw error
  })
  if (example === undefined) return exitCode.done
  process.stdout.write(json ? `${JSON.stringify(example.facts)}\n` : guide(example.facts))
  await untilStopped(example, stop, tell)
  return exitCode.done
}

function guide({ proxy, admins, whoami, certificateFile, user, password, totpSecret, pat }: ExampleFacts): string {
  return `
In a browser   ${proxy}/DefaultCollection/  (its certificate is of its own making)
               ${user}, ${password}, and a code for ${totpSecret}
In a terminal  curl --cacert ${certificateFile} -u :${pat} ${whoami}
Metrics        ${admins.map(admin => `${admin}/metrics`).join(' ')}

Ctrl-C stops everything and removes what it made.
`
}

endWith('example', run)
