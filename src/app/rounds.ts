/** Work that is done again and again, beside the requests. What fails is told, and done at the next round. */
export class Rounds implements AsyncDisposable {
  readonly #work: () => unknown
  readonly #failed: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | undefined

  constructor(intervalMs: number, work: () => unknown, failed: (error: unknown) => void) {
    this.#work = work
    this.#failed = failed
    this.#timer = setInterval(() => void this.run(), intervalMs).unref()
  }

  /** A round out of turn; where one is under way, that one. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Ends after the round that is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  async #once(): Promise<void> {
    try {
      await this.#work()
    } catch (error) {
      this.#failed(error)
    }
  }
}
