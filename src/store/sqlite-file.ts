import { DatabaseSync } from 'node:sqlite'
import { conditionOf, isBusy, isOfSqlite, remedyOf } from './sqlite-condition.ts'

/**
 * The format of the whole file, kept in its `user_version`; docs/store-format.md explains each number. Tables and
 * columns that older versions ignore do not make a new format.
 */
const FORMAT = 1
/** How long opening waits for another process in total, and the length of each pause. */
const PATIENCE_MS = 5000
const PAUSE_MS = 50
/** Size to which the log is truncated after a checkpoint. */
const KEPT_LOG_BYTES = 4_194_304

/**
 * Several workers may open the file at the same time, and only one can create what is missing; at the start, waiting
 * may block. Throws with a message for the operator.
 */
export function openSqliteFile(fileName: string, schema: string): DatabaseSync {
  const database = new DatabaseSync(fileName, { timeout: PATIENCE_MS })
  try {
    untilFree(() => database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;'))
    database.exec(`PRAGMA journal_size_limit = ${KEPT_LOG_BYTES};`)
    refuseNewer(database, fileName)
    untilFree(() => database.exec(schema))
    if (formatOf(database) < FORMAT) untilFree(() => database.exec(`PRAGMA user_version = ${FORMAT}`))
    // From now on, SQLite must not wait for locks, which would block the event loop.
    database.exec('PRAGMA busy_timeout = 0')
    return database
  } catch (error) {
    database.close()
    throw isOfSqlite(error) ? new Error(inWords(error, fileName)) : error
  }
}

const inWords = (error: Error, fileName: string) =>
  `the store ${fileName} cannot be opened: ${error.message}; ${remedyOf(conditionOf(error))}`

const formatOf = (database: DatabaseSync): number =>
  Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)

function refuseNewer(database: DatabaseSync, fileName: string): void {
  const format = formatOf(database)
  if (format > FORMAT)
    throw new Error(
      `${fileName} has format ${format}, and this version of Torhaus knows ${FORMAT}: start the version that wrote it, or name another file in session.store.sqlite.file`,
    )
}

/** SQLite does not wait for locks when the journal mode changes, whatever its timeout. */
function untilFree(work: () => void): void {
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || waitedMs >= PATIENCE_MS) throw error
      Atomics.wait(clock, 0, 0, PAUSE_MS)
    }
  }
}
