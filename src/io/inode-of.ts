import { statSync } from 'node:fs'

/**
 * Which file a name leads to now, as its number; undefined: none. Where nobody can look any more, since the folder may not
 * be entered or the disk does not answer, `known`: what is open goes on.
 */
export function inodeOf(fileName: string, known?: bigint): bigint | undefined {
  try {
    return statSync(fileName, { bigint: true, throwIfNoEntry: false })?.ino
  } catch {
    return known
  }
}
