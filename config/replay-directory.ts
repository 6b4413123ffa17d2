import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stateDirectoryIn } from './environment.ts'

export interface ReplayPlace {
  readonly environment: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  /** Number of the account; there are none on Windows. */
  readonly account: number | undefined
}

/**
 * Where tokens that were seen are kept when the configuration does not say: as libkrb5 does, where KRB5RCACHEDIR says,
 * or among the temporary files under the number of the account; but where the service manager names a place for what
 * lasts (STATE_DIRECTORY, systemd.exec(5)), there: private temporary files go when the service stops, and what was seen
 * before a restart would be taken again after it. Windows checks no owner, and a service may have the temporary folder
 * in which everybody may make folders: there it is the local data of the account, which are its alone. Throws in words
 * for the operator where it has none.
 */
export function usualReplayDirectory({ environment, platform, account }: ReplayPlace): string {
  const { KRB5RCACHEDIR, LOCALAPPDATA } = environment
  if (platform !== 'win32')
    return join(KRB5RCACHEDIR || stateDirectoryIn(environment) || tmpdir(), `torhaus-replay-${account ?? 'service'}`)
  const parent = KRB5RCACHEDIR || LOCALAPPDATA
  if (parent) return join(parent, 'torhaus-replay')
  throw new Error(
    'kerberos.replayCacheDirectory: this account has no LOCALAPPDATA, so name a folder that only it may write to',
  )
}
