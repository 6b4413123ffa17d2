import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { usedFiles } from '../../config/files.ts'
import { keyFileWarnings } from '../../config/key-files.ts'
import { configSchema } from '../../config/schema.ts'
import type { DoctorContext } from './examination.ts'
import type { Finding } from './finding.ts'

/**
 * What the account may read was found while the configuration was loaded; here: whether others may read or replace it,
 * and whether the right account has looked.
 */
export const examineFiles = async (
  { config, userId }: DoctorContext,
  platform = process.platform,
): Promise<Finding[]> => [
  ...(userId === 0 ? [lookedAsRoot] : []),
  ...(platform === 'win32' ? [accessListsUnseen] : []),
  ...keyFileWarnings(config, platform).map(({ path, message }): Finding => {
    const why = 'anyone who has a key can forge sessions, tokens or identities'
    return {
      what: message,
      why,
      remedy: 'chmod 0640, with owner root and the group of the service',
      option: path,
      severity: 'error',
    }
  }),
  ...openFolders(usedFiles(configSchema, config), platform).map((folder): Finding => {
    const what = `everyone can write to ${folder}, which contains keys or certificates`
    const why = 'anyone can replace a key with a file of their own'
    return { what, why, remedy: `chmod o-w ${folder}`, severity: 'error' }
  }),
]

const lookedAsRoot: Finding = {
  what: 'this check ran as root, which can read and write everything',
  why: 'it does not show what the account of the service may do',
  remedy: 'run torhaus doctor --as-user NAME, with the User of the unit',
  severity: 'warning',
}

const accessListsUnseen: Finding = {
  what: 'it was not checked who may read the keys, because Windows uses access control lists',
  why: 'anyone who has a key can forge sessions, tokens or identities',
  remedy:
    'icacls FOLDER shows it; to allow only administrators and the account of the service: icacls FOLDER /inheritance:r /grant:r "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-18:(OI)(CI)F" "ACCOUNT:(OI)(CI)R"',
  severity: 'warning',
}

const OTHERS_WRITE = 0o002
/** As in /tmp: there nobody replaces what is another's. */
const STICKY = 0o1000

function openFolders(files: readonly string[], platform: NodeJS.Platform): string[] {
  if (platform === 'win32') return []
  const folders = [...new Set(files.map(name => dirname(name)))]
  return folders.filter(folder => {
    const { mode } = statSync(folder)
    return (mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0
  })
}
