/** What a roll-out does to the world, so that its order can be tried without one. */
export interface Surroundings {
  /** @throws where it ends with anything but 0, or too late, with the end of what it said. */
  run(command: readonly string[], timeoutMs: number): Promise<void>
  ask(request: Asked): Promise<Answer>
  /** For questions to the admin listeners. */
  readonly adminFields: Readonly<Record<string, string>>
  sleep(ms: number): Promise<void>
  nowMs(): number
  tell(line: string): void
}

export interface Asked {
  readonly url: string
  readonly method: string
  readonly fields: Readonly<Record<string, string>>
}

/** Status 0: nobody answered; `content` says why. */
export interface Answer {
  readonly status: number
  readonly content: string
}
