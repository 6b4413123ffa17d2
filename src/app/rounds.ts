/** Periodic work beside the requests. A failure is reported, and the next round retries. */
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

  /** Runs a round now, or joins the one in progress. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#once().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Stops after the round in progress. */
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
