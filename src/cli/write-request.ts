/** Writes the file by which a command asks a running Torhaus; where it cannot, says how else to ask. */
import { writeFileSync } from 'node:fs'
import { exitCode } from '../exit-codes.ts'
import { CommandError } from './command.ts'

export type Request = 'stop' | 'reload'

/** What asks for the same without a file. */
const OTHERWISE: Readonly<Record<Request, { readonly signal: string; readonly onWindows: string }>> = {
  stop: {
    signal: 'send SIGTERM to the supervisor, as `systemctl stop torhaus` and `docker stop` do',
    onWindows: 'stop the service, or the application pool, which cuts requests under way',
  },
  reload: {
    signal: 'send SIGHUP to the supervisor, as `systemctl reload torhaus` does',
    onWindows:
      'replace a changed file by renaming another one into its place, which Torhaus notices by itself (reload.watchIntervalMs)',
  },
}

/** Throws a `CommandError` that names the file. */
export function writeRequest(request: Request, fileName: string, content: string, platform: NodeJS.Platform): void {
  try {
    writeFileSync(fileName, content)
  } catch (error) {
    const { signal, onWindows } = OTHERWISE[request]
    const [account, way] =
      platform === 'win32' ? ['as an administrator', onWindows] : ['as the owner of its folder', signal]
    throw new CommandError(
      `${fileName} cannot be written, so Torhaus was not asked to ${request}: ${(error as Error).message}. Run the command ${account}; where nobody can write there, ${way}`,
      exitCode.failed,
    )
  }
}
