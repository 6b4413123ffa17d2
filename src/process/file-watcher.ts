import { statesOf } from '../../config/files-read.ts'

/**
 * Detects changes of files by polling, which also works through symbolic links that Kubernetes swaps, and on file
 * systems without notifications. Changes are reported once the files are the same in two consecutive polls, because a
 * certificate and its key are two files.
 */
export class FileWatcher implements Disposable {
  #seen: string
  #settled: string
  readonly #fileNames: readonly string[]
  readonly #timer: NodeJS.Timeout | undefined

  /** `intervalMs` 0: never polls. `since`: the states to compare with; default: those of now. */
  constructor(fileNames: readonly string[], intervalMs: number, onChange: () => void, since = statesOf(fileNames)) {
    this.#fileNames = fileNames
    this.#seen = since.join()
    this.#settled = this.#seen
    if (intervalMs === 0) return
    this.#timer = setInterval(() => {
      const now = statesOf(this.#fileNames).join()
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
