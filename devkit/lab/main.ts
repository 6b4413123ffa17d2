/**
 * `npm run lab`: Samba as an Active Directory KDC, Apache with Kerberos, an OpenID Provider with TOTP, and Torhaus before
 * them as proxy.corp.test, on loopback, until SIGTERM or Ctrl-C. Installs the Debian packages it lacks (as root).
 * `--json` prints one JSON line on stdout when all is ready; progress goes to stderr in any case. `--kdcs silent,live` gives the
 * lab several KDCs that behave so, and twenty accounts that nobody has used. `--first-factor` says what the lab does in any case: a
 * ticket or a password passes alone.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { portsFrom } from '../demo/ports.ts'
import { endWith, flagsFrom, stopOnSignals, untilStopped } from '../demo/program.ts'
import { startLab } from './environment.ts'
import { guide } from './guide.ts'
import { kdcsFrom } from './kdc-choice.ts'

async function run(): Promise<ExitCode> {
  const { kdcs, rest } = kdcsFrom(process.argv.slice(2))
  const [json = false] = flagsFrom('lab', rest, ['--json', '--first-factor'])
  const stop = stopOnSignals('lab')
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const lab = await startLab({ ports: portsFrom(process.env), kdcs }, stop, tell).catch(error => {
    if (stop.aborted) return undefined
    throw error
  })
  if (lab === undefined) return exitCode.done
  process.stdout.write(json ? `${JSON.stringify(lab.facts)}\n` : guide(lab, Date.now()))
  await untilStopped(lab, stop, tell)
  return exitCode.done
}

endWith('lab', run)
