/** The inode numbers of the files of an SQLite database with a write-ahead log (sqlite.org/walformat.html). */
import { statSync } from 'node:fs'
import { inodeOf } from '../io/inode-of.ts'

const MAX_LOG_BYTES = 67_108_864

export interface SqliteFiles {
  readonly main: bigint | undefined
  readonly log: bigint | undefined
  /** The index of the log, with its locks. */
  readonly index: bigint | undefined
}

/** Numbers that cannot be determined are taken from `known`. */
export const sqliteFilesAt = (fileName: string, known?: SqliteFiles): SqliteFiles => ({
  main: inodeOf(fileName, known?.main),
  log: inodeOf(`${fileName}-wal`, known?.log),
  index: inodeOf(`${fileName}-shm`, known?.index),
})

export const isSameLog = (one: SqliteFiles, other: SqliteFiles): boolean =>
  one.log === other.log && one.index === other.index

/** Whether a log belongs to both files: what is written for one would be read into the other. */
export const isLogOfOther = (one: SqliteFiles, other: SqliteFiles): boolean =>
  (one.log !== undefined && one.log === other.log) || (one.index !== undefined && one.index === other.index)

/** While the log is too long, strangers can cause no writes. A reader that hangs keeps it long. */
export function isLogTooLong(fileName: string): boolean {
  try {
    return (statSync(`${fileName}-wal`, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES
  } catch {
    // The size cannot be determined.
    return false
  }
}
