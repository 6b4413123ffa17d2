/** Targets counted apart; whatever comes after so many is counted as one. */
const MAX_TARGETS = 10_000
const OTHER = 'other'

export class TargetCounts {
  readonly #counts = new Map<string, number>()

  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }

  count(target: string): void {
    const key = this.#counts.has(target) || this.#counts.size < MAX_TARGETS ? target : OTHER
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }
}
