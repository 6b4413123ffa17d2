/** Where the workers' private sockets are: a folder accessible to its owner only, or named pipes (Windows). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstFolderOf } from '../../config/environment.ts'
import { folderProblem } from '../../config/output-files.ts'
import { isPrivateFolder, ownPrefix, removeLeftFolders } from './left-folders.ts'

export interface RuntimeDirectory {
  /** A new path for each worker. */
  next(): string
  close(): void
}

/** Size of a socket address, including its terminator (unix(7)); 104 on macOS and BSD. */
const MAX_ADDRESS_BYTES = process.platform === 'linux' ? 108 : 104
/** Longest file name; every started worker uses a new one. */
const LONGEST_NAME = '99999.sock'

/**
 * In systemd's runtime directory if set, else in the temporary one; removes folders of killed supervisors. Throws if
 * it cannot be created, or its path is too long for sockets.
 */
export function openRuntimeDirectory(environment: NodeJS.ProcessEnv): RuntimeDirectory {
  let count = 0
  if (process.platform === 'win32') {
    const prefix = `\\\\.\\pipe\\torhaus-${process.pid}`
    return { next: () => `${prefix}-${count++}`, close: () => undefined }
  }
  const parent = parentIn(environment)
  // Mode 0700 (mkdtemp(3)).
  const make = () => {
    try {
      return mkdtempSync(join(parent, ownPrefix))
    } catch (cause) {
      throw new Error(runtimeFolderProblem(environment) ?? (cause as Error).message, { cause })
    }
  }
  let directory = make()
  const close = () => rmSync(directory, { recursive: true, force: true })
  if (Buffer.byteLength(join(directory, LONGEST_NAME)) >= MAX_ADDRESS_BYTES) {
    close()
    throw new Error(
      `${directory} is too long for the name of a socket: set TMPDIR, or RUNTIME_DIRECTORY, to a shorter one`,
    )
  }
  removeLeftFolders(parent, directory).catch(() => undefined)
  const next = () => {
    // The folder for temporary files may be cleaned; then anybody could create a folder of that name.
    if (!isPrivateFolder(directory)) directory = make()
    return join(directory, `${count++}.sock`)
  }
  return { next, close }
}

const parentIn = ({ RUNTIME_DIRECTORY }: NodeJS.ProcessEnv) => firstFolderOf(RUNTIME_DIRECTORY) || tmpdir()

/** Why no folder can be created, with the variable that sets the place; undefined: it can. */
export function runtimeFolderProblem(environment: NodeJS.ProcessEnv): string | undefined {
  if (process.platform === 'win32') return undefined
  const problem = folderProblem(parentIn(environment))
  const variable = firstFolderOf(environment.RUNTIME_DIRECTORY) === '' ? 'TMPDIR' : 'RUNTIME_DIRECTORY'
  return problem && `${variable}: ${problem}; until then workers are watched over their channel only`
}
