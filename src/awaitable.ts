/** Answered at once where it can be, so that nobody waits for a promise without need. */
export type Awaitable<T> = T | Promise<T>

/** At once where the value is there. */
export const after = <T, R>(value: Awaitable<T>, next: (settled: T) => Awaitable<R>): Awaitable<R> =>
  value instanceof Promise ? value.then(next) : next(value)
