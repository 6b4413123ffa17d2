import type { Dispatcher } from 'undici'

/** Takes one answer, and tells whether it was right: status 200, and as much content as expected. */
export class AnswerReceiver implements Dispatcher.DispatchHandler {
  readonly #expectedBytes: number
  readonly #onAnswer: (isRight: boolean) => void
  #status = 0
  #bytes = 0

  /** `onAnswer` is called once, also where no answer comes. */
  constructor(expectedBytes: number, onAnswer: (isRight: boolean) => void) {
    this.#expectedBytes = expectedBytes
    this.#onAnswer = onAnswer
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
  }

  onResponseEnd(): void {
    this.#onAnswer(this.#status === 200 && this.#bytes === this.#expectedBytes)
  }

  onResponseError(): void {
    this.#onAnswer(false)
  }
}
