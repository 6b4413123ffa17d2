import { statSync } from 'node:fs'

/**
 * Notices that files have changed, by looking at them from time to time: also through symbolic links, which Kubernetes
 * swaps, and on file systems that tell nobody. Changes are reported once the files have stood still from one look to
 * the next: a certificate and its key are two files.
 */
export class FileWatcher implements Disposable {
  #seen: string
  #settled: string
  readonly #fileNames: readonly string[]
  readonly #timer: NodeJS.Timeout | undefined

  /** `intervalMs` 0: never looks. `since`: changes from then on count, not from now on. */
  constructor(fileNames: readonly string[], intervalMs: number, onChange: () => void, since = statesOf(fileNames)) {
    this.#fileNames = fileNames
    this.#seen = since
    this.#settled = since
    if (intervalMs === 0) return
    this.#timer = setInterval(() => {
      const now = statesOf(this.#fileNames)
      const stoodStill = now === this.#seen
      this.#seen = now
      if (!stoodStill || now === this.#settled) return
      this.#settled = now
      onChange()
    }, intervalMs).unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** To be compared with what it is later. */
export const statesOf = (fileNames: readonly string[]): string => fileNames.map(stateOf).join('\n')

function stateOf(fileName: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(fileName)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch (error) {
    // Missing, or out of reach for now: that is a state like any other, and no reason to end the process.
    return String((error as NodeJS.ErrnoException).code)
  }
}
