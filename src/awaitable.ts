/** Answered at once where it can be, so that nobody waits for a promise without need. */
export type Awaitable<T> = T | Promise<T>
