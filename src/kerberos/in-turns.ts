/** Long work in short pieces, so that the event loop is never held up for it. */

/** Runs `task` for all items, `perTurn` in each turn of the event loop, the first ones at once. It must not throw. */
function inTurns<T>(items: Iterable<T>, perTurn: number, task: (item: T) => void): void {
  const left = items[Symbol.iterator]()
  const some = (): void => {
    for (let count = 0; count < perTurn; count++) {
      const next = left.next()
      if (next.done === true) return
      task(next.value)
    }
    setImmediate(some)
  }
  some()
}

/** Overwriting a key takes up to 10 us. */
const DISPOSED_PER_TURN = 50

/** Disposes of what is no longer reachable. */
export const disposeInTurns = (items: Iterable<Disposable>): void =>
  inTurns(items, DISPOSED_PER_TURN, item => item[Symbol.dispose]())
