/**
 * Writes of one turn of the event loop, done together at its end. A write to a socket makes the system wake whoever
 * reads on the other side; in a burst, the second one finds it awake (docs/performance tells what that saves).
 */
export interface TurnBatch {
  /** Must not throw: others wait behind it. */
  flush(): void
}

/** Past so many nobody waits longer for the rest of the turn. */
const MAX_WAITING = 32

let waiting: TurnBatch[] = []

/** Calls back once, when everything that has arrived by now was read, or a part of it where that is much. */
export function batchAtTurnEnd(listener: TurnBatch): void {
  if (waiting.push(listener) === 1) setImmediate(callAll)
  else if (waiting.length >= MAX_WAITING) callAll()
}

function callAll(): void {
  const called = waiting
  waiting = []
  for (const listener of called) listener.flush()
}
