/**
 * A bounded amount of a shared resource. A holder may have no more than what is still free: a single one gets half of
 * it, two get a third each, and the next one always finds some (Choudhury and Hahne, "Dynamic queue length thresholds
 * for shared-memory packet switches", 1998). Every operation takes constant time.
 */
export class FairLedger<Holder> {
  readonly #capacity: number
  readonly #held = new Map<Holder, number>()
  #total = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get total(): number {
    return this.#total
  }

  of(holder: Holder): number {
    return this.#held.get(holder) ?? 0
  }

  /** False: nothing was taken, since the holder would have more than its share. */
  take(holder: Holder, amount: number): boolean {
    const held = this.of(holder) + amount
    if (held > this.#capacity - this.#total) return false
    this.#held.set(holder, held)
    this.#total += amount
    return true
  }

  give(holder: Holder, amount: number): void {
    const rest = this.of(holder) - amount
    this.#total -= amount
    if (rest > 0) this.#held.set(holder, rest)
    else this.#held.delete(holder)
  }

  giveAll(holder: Holder): void {
    this.give(holder, this.of(holder))
  }
}
