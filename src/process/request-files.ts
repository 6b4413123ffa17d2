import { statSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'

/**
 * Files beside the configuration by which Torhaus is asked what a signal asks elsewhere. Windows has no signals to send, and
 * the HttpPlatformHandler of IIS ends its process without a word. Whoever may write there may change the configuration,
 * too.
 *
 *   torhaus.yaml -> torhaus.stop     while it is there, Torhaus drains and ends, and does not start
 *                   torhaus.reload   the configuration is read again whenever this was written
 */
export interface RequestFileNames {
  readonly stop: string
  readonly reload: string
}

export function requestFilesOf(configFile: string): RequestFileNames {
  const beside = join(dirname(configFile), parse(configFile).name)
  return { stop: `${beside}.stop`, reload: `${beside}.reload` }
}

/** How often they are looked at: a stop that somebody waits for should not take long to begin. */
export const LOOK_MS = 1000

export interface RequestHandlers {
  /** Once. */
  readonly onStop: () => void
  readonly onReload: () => void
}

/** Looks at them until it is disposed of. What was written before does not count, save that it is to be stopped. */
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

/** Undefined where there is none, or none that this account may see. */
function stateOf(fileName: string): string | undefined {
  try {
    const { ino, mtimeMs } = statSync(fileName)
    return `${ino} ${mtimeMs}`
  } catch {
    return undefined
  }
}
