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
    const why = 'whoever has a key can make sessions, tokens or identities of anybody'
    return {
      what: message,
      why,
      remedy: 'chmod 0640, owner root, group of the service',
      option: path,
      severity: 'error',
    }
  }),
  ...openFolders(usedFiles(configSchema, config), platform).map((folder): Finding => {
    const what = `everybody can write to ${folder}, which keys or certificates lie in`
    const why = 'whoever writes there puts a file of their own in place of a key'
    return { what, why, remedy: `chmod o-w ${folder}`, severity: 'error' }
  }),
]

const lookedAsRoot: Finding = {
  what: 'root has looked, who may read and write everything',
  why: 'it says nothing about what the account of the service may',
  remedy: 'torhaus doctor --as-user NAME, with the User of the unit',
  severity: 'warning',
}

const accessListsUnseen: Finding = {
  what: 'who may read the keys was not looked at: Windows says it by access control lists',
  why: 'whoever has a key can make sessions, tokens or identities of anybody',
  remedy:
    'icacls FOLDER; and for administrators and the account of the service alone: icacls FOLDER /inheritance:r /grant:r "*S-1-5-32-544:(OI)(CI)F" "*S-1-5-18:(OI)(CI)F" "ACCOUNT:(OI)(CI)R"',
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
