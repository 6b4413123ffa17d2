import { statSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'

/**
 * Files beside the configuration that replace signals. Windows has no signals to send, and the HttpPlatformHandler of
 * IIS ends its process without notice. Whoever may write there may also change the configuration.
 *
 *   torhaus.yaml -> torhaus.stop     while it exists, Torhaus drains and stops, and does not start
 *                   torhaus.reload   the configuration is reloaded whenever this is written
 */
export interface RequestFileNames {
  readonly stop: string
  readonly reload: string
}

export function requestFilesOf(configFile: string): RequestFileNames {
  const beside = join(dirname(configFile), parse(configFile).name)
  return { stop: `${beside}.stop`, reload: `${beside}.reload` }
}

/** Polling interval: a stop that somebody waits for should begin soon. */
export const LOOK_MS = 1000

export interface RequestHandlers {
  /** Once. */
  readonly onStop: () => void
  readonly onReload: () => void
}

/** Polls the files until disposed. A reload file written before does not count, but an existing stop file does. */
export function watchRequestFiles(configFile: string, { onStop, onReload }: RequestHandlers): Disposable {
  const { reload } = requestFilesOf(configFile)
  let lastReload = stateOf(reload)
  let isStopSeen = false
  const timer = setInterval(() => {
    if (!isStopSeen && isStopAsked(configFile)) {
      isStopSeen = true
      onStop()
    }
    const now = stateOf(reload)
    const isWritten = now !== undefined && now !== lastReload
    lastReload = now
    if (isWritten) onReload()
  }, LOOK_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

export const isStopAsked = (configFile: string): boolean => stateOf(requestFilesOf(configFile).stop) !== undefined

/** Undefined if the file does not exist or this account may not access it. */
function stateOf(fileName: string): string | undefined {
  try {
    const { ino, mtimeMs } = statSync(fileName)
    return `${ino} ${mtimeMs}`
  } catch {
    return undefined
  }
}
