/** The condition of the store's file, as of its last use. */
export type SqliteCondition = 'available' | 'full' | 'read-only' | 'corrupt' | 'unreadable' | 'locked' | 'moved'

export interface SqliteEvents {
  /** The condition, whenever it changes. `cause`: the error that showed it. */
  changed(condition: SqliteCondition, cause: unknown): void
  /** Another file has the name now and is used from here on: everything read before is invalid. */
  replaced(): void
}

export const UNHEARD: SqliteEvents = { changed: () => undefined, replaced: () => undefined }

/** Primary result codes (sqlite.org/rescode.html). */
const CONDITIONS: Readonly<Record<number, SqliteCondition>> = {
  5: 'locked',
  6: 'locked',
  8: 'read-only',
  10: 'unreadable',
  11: 'corrupt',
  13: 'full',
  14: 'unreadable',
  26: 'corrupt',
}

/** The lowest byte of an extended result code is the primary one. */
function primaryCode(error: unknown): number | undefined {
  const code: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : undefined
}

export const isOfSqlite = (error: unknown): error is Error => primaryCode(error) !== undefined

export const conditionOf = (error: unknown): SqliteCondition => CONDITIONS[primaryCode(error) ?? -1] ?? 'unreadable'

/** Another process holds the lock for the moment. */
export const isBusy = (error: unknown): boolean => conditionOf(error) === 'locked'

const REMEDIES: Readonly<Partial<Record<SqliteCondition, string>>> = {
  locked: 'find out what holds it (`fuser FILE`)',
  full: 'free some space on its disk, or move the file to another one',
  'read-only': 'check its owner, and whether its disk is mounted read-only',
  corrupt: 'move it away, with its -wal and -shm: a new one is created, and everyone has to sign in again',
}

/** What to do about a file that cannot be opened, for the operator. */
export const remedyOf = (condition: SqliteCondition): string =>
  REMEDIES[condition] ?? 'check its disk, and the owner of the file and of its folder'
