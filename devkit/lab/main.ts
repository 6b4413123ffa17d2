/**
 * `npm run lab`: Samba as an Active Directory KDC, Apache with Kerberos, an OpenID Provider with TOTP, and Torhaus
 * before them as proxy.corp.test, on loopback, until SIGTERM or Ctrl-C. Installs the Debian packages it lacks (as
 * root). A ticket or a password of the directory needs a confirmation with the second factor; with `--first-factor` it
 * passes alone. `--json` prints one JSON line on stdout when all is ready; progress goes to stderr in any case. `--kdcs
 * silent,live` gives the lab several KDCs that behave so, and twenty accounts that nobody has used.
 */
import { type ExitCode, exitCode } from '../../src/exit-codes.ts'
import { portsFrom } from '../demo/ports.ts'
import { endWith, flagsFrom, stopOnSignals, untilStopped } from '../demo/program.ts'
import { startLab } from './environment.ts'
import { guide } from './guide.ts'
import { KDCS_OPTION, kdcsFrom } from './kdc-choice.ts'

async function run(): Promise<ExitCode> {
  const { kdcs, rest } = kdcsFrom(process.argv.slice(2))
  const [json = false, firstFactorIsEnough = false] = flagsFrom(
    'lab',
    rest,
    ['--json', '--first-factor'],
    [KDCS_OPTION],
  )
  const stop = stopOnSignals('lab')
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  const options = { ports: portsFrom(process.env), firstFactorIsEnough, kdcs }
  const lab = await startLab(options, stop, tell).catch(error => {
    if (stop.aborted) return undefined
    throw error
  })
  if (lab === undefined) return exitCode.done
  process.stdout.write(json ? `${JSON.stringify(lab.facts)}\n` : guide(lab, Date.now()))
  await untilStopped(lab, stop, tell)
  return exitCode.done
}

endWith('lab', run)
