import { statesOf } from '../../config/files-read.ts'

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
