/**
 * Folders that the environment chooses and Torhaus writes to: of those that the configuration names, whoever reads it learns.
 */
import { replayProblem } from '../../config/output-files.ts'
import { usualReplayDirectory } from '../../config/replay-directory.ts'
import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import { exitCode } from '../exit-codes.ts'
import { CommandError } from './command.ts'

type Environment = Surroundings['environment']

/** Throws what `torhaus check` and a start end with, before anything is opened or changed. */
export function checkEnvironmentFolders(fileName: string, config: Config, environment: Environment): void {
  const problem = replayFolderProblem(config.kerberos, environment)
  if (problem !== undefined) throw new CommandError(`${fileName}: ${problem}`, exitCode.config)
}

/** Undefined: nothing is wrong with it, or it is the configuration that names it. */
export function replayFolderProblem(kerberos: Config['kerberos'], environment: Environment): string | undefined {
  if (kerberos === undefined || kerberos.replayCacheDirectory !== undefined) return undefined
  try {
    const place = { environment, platform: process.platform, account: process.getuid?.() }
    const problem = replayProblem(usualReplayDirectory(place))
    return (
      problem &&
      `kerberos.replayCacheDirectory: ${problem}; it is not set, so the folder follows from KRB5RCACHEDIR, STATE_DIRECTORY or TMPDIR`
    )
  } catch (error) {
    return (error as Error).message
  }
}
