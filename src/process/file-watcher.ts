import { statSync } from 'node:fs'

/**
 * Notices that files have changed, by looking at them from time to time: also through symbolic links, which Kubernetes
 * swaps, and on file systems that tell nobody. Changes are reported once the files have stood still from one look to
 * the next: a certificate and its key are two files.
 */
export class FileWatcher implements Disposable {
  #seen: string
  #settled: string
  #fileNames: readonly string[]
  readonly #timer: NodeJS.Timeout | undefined

  /** `intervalMs` 0: never looks. */
  constructor(fileNames: readonly string[], intervalMs: number, onChange: () => void) {
    this.#fileNames = fileNames
    this.#seen = this.#look()
    this.#settled = this.#seen
    if (intervalMs === 0) return
    this.#timer = setInterval(() => {
      const now = this.#look()
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

  #look(): string {
    return this.#fileNames.map(stateOf).join('\n')
  }
}

function stateOf(fileName: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(fileName)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch (error) {
    // Missing, or out of reach for now: that is a state like any other, and no reason to end the process.
    return String((error as NodeJS.ErrnoException).code)
  }
}
