import { DatabaseSync } from 'node:sqlite'
import { isBusy } from './sqlite-condition.ts'

/** How long opening waits for another process, in all, and in one piece. */
const PATIENCE_MS = 5000
const PAUSE_MS = 50
/** Kept of the log when it was written back. */
const KEPT_LOG_BYTES = 4_194_304

/**
 * Several workers may open it at the same moment, and only one can make what is missing: here, at the start, waiting
 * may block.
 */
export function openSqliteFile(fileName: string, schema: string): DatabaseSync {
  const database = new DatabaseSync(fileName, { timeout: PATIENCE_MS })
  try {
    untilFree(() => database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;'))
    database.exec(`PRAGMA journal_size_limit = ${KEPT_LOG_BYTES};`)
    untilFree(() => database.exec(schema))
    // From now on nobody waits in SQLite, where the event loop would stand still.
    database.exec('PRAGMA busy_timeout = 0')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** To change the kind of log, SQLite does not wait for others, whatever its timeout. */
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
