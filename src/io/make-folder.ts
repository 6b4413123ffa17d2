import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing, with `mode`; leaves those that are there as they are. Throws where the system makes
 * none. `mkdirSync` with `recursive` never returns where the system has the folder above and says ENOENT all the same, as Linux does
 * below `/proc`.
 */
export function makeFolder(folder: string, mode = 0o777): void {
  if (isFolder(folder)) return
  const parent = dirname(folder)
  if (parent !== folder && !existsSync(parent)) makeFolder(parent, mode)
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isFolder(folder)) throw error
  }
}

const isFolder = (name: string) => statSync(name, { throwIfNoEntry: false })?.isDirectory() === true
