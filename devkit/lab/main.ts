/**
 * `npm run lab`: Samba as an Active Directory KDC, Apache with Kerberos, an OpenID Provider with TOTP, and Torhaus before
 * them as proxy.corp.test, on loopback, until SIGTERM or Ctrl-C. Installs the Debian packages it lacks (as root).
 * A ticket or a password of the directory needs a confirmation with the second factor; with `--first-factor` it passes alone.
 * `--json` prints one JSON line on stdout when all is ready; progress goes to stderr in any case.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { portsFrom } from '../demo/ports.ts'
import { endWith, flagsFrom, stopOnSignals, untilStopped } from '../demo/program.ts'
import { startLab } from './environment.ts'
import { guide } from './guide.ts'

async function run(): Promise<ExitCode> {
  const [json = false, firstFactorIsEnough = false] = flagsFrom('lab', process.argv.slice(2), [
    '--json',
    '--first-factor',
  ])
  const stop = stopOnSignals('lab')
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const lab = await startLab({ ports: portsFrom(process.env), firstFactorIsEnough }, stop, tell).catch(error => {
    if (stop.aborted) return undefined
    throw error
  })
  if (lab === undefined) return exitCode.done
  process.stdout.write(json ? `${JSON.stringify(lab.facts)}\n` : guide(lab, Date.now()))
  await untilStopped(lab, stop, tell)
  return exitCode.done
}

endWith('lab', run)
