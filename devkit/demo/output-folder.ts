import { mkdtempSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../src/io/make-folder.ts'
import { UsageError } from './demo-error.ts'

/**
 * Makes the folder that `--output` names, and tries whether something can be made in it: before a program has worked for
 * minutes or hours, and not after. Throws UsageError.
 */
export function makeOutputFolder(folder: string): void {
  try {
    makeFolder(folder)
    rmdirSync(mkdtempSync(join(folder, '.torhaus-tried-')))
  } catch (error) {
    throw new UsageError(`--output: nothing can be written to ${folder}: ${(error as Error).message}`)
  }
}
