/** Where the private entrances of the workers are: a folder for its owner only, or names of pipes (Windows). */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface RuntimeDirectory {
  /** A new name for each worker. */
  next(): string
  close(): void
}

/** systemd names one that is gone with the service. Throws where none can be made. */
export function openRuntimeDirectory(environment: NodeJS.ProcessEnv): RuntimeDirectory {
  let count = 0
  if (process.platform === 'win32') {
    const prefix = `\\\\.\\pipe\\torhaus-${process.pid}`
    return { next: () => `${prefix}-${count++}`, close: () => undefined }
  }
  // Mode 0700 (mkdtemp(3)).
  const directory = mkdtempSync(join(environment.RUNTIME_DIRECTORY ?? tmpdir(), 'torhaus-'))
  return {
    next: () => join(directory, `${count++}.sock`),
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}
