/** Why a bulkhead did not run a task, or stopped waiting for it. */
type BulkheadRefusal = 'queue-full' | 'timeout'

export type BulkheadOptions = {
  /** Tasks that run at a time. */
  readonly maxConcurrent: number
  /** Tasks that wait for their turn; one more is refused at once. */
  readonly maxQueued: number
  /** From the call of `run` to its answer, waiting included. */
  readonly timeoutMs: number
  /** Makes the error for a refusal. */
  readonly refuse: (refusal: BulkheadRefusal) => Error
}

/** How many tasks run, including those whose callers have given up, and how many wait. */
export type BulkheadLoad = { readonly running: number; readonly queued: number }

export type Bulkhead = {
  /**
   * Runs the task when a place is free. After the timeout the caller gets its error, while the task, which nothing takes
   * back, keeps its place until it has settled, so that the number of those that run stays bounded. What such a task
   * resolves to is dropped: **a task must own what it makes** (store it or release it itself) and resolve to
   * something that needs no release.
   */
  run<T>(task: () => Promise<T>): Promise<T>
  load(): BulkheadLoad
}

type Waiting = { start(): void }

/** A bound on tasks in flight, with a bounded queue (first come, first served). */
export function createBulkhead({ maxConcurrent, maxQueued, timeoutMs, refuse }: BulkheadOptions): Bulkhead {
  const queue = new Set<Waiting>()
  let running = 0

  const finish = (): void => {
    running--
    const [next] = queue
    next?.start()
  }

  const run = <T>(task: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start() {
          queue.delete(waiting)
          running++
          void settle(task, resolve, reject, () => {
            clearTimeout(timer)
            finish()
          })
        },
      }
      if (running >= maxConcurrent && queue.size >= maxQueued) return reject(refuse('queue-full'))
      const timer = setTimeout(() => {
        queue.delete(waiting)
        reject(refuse('timeout'))
      }, timeoutMs)
      if (running < maxConcurrent) waiting.start()
      else queue.add(waiting)
    })

  return { run, load: () => ({ running, queued: queue.size }) }
}

async function settle<T>(
  task: () => Promise<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
  done: () => void,
): Promise<void> {
  try {
    resolve(await task())
  } catch (error) {
    reject(error)
  } finally {
    done()
  }
}
