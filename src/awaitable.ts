/** A value if it is available at once, so that no caller waits for a promise unnecessarily. */
export type Awaitable<T> = T | Promise<T>

/** Calls `next` at once if the value is available. */
export const after = <T, R>(value: Awaitable<T>, next: (settled: T) => Awaitable<R>): Awaitable<R> =>
  value instanceof Promise ? value.then(next) : next(value)
