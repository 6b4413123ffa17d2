/** What one operation costs this process, all its threads included, averaged over many. */
export interface OperationCost {
  readonly operation: string
  readonly count: number
  /** Microseconds of processor time, user and system. */
  readonly cpuUs: number
  readonly perSecond: number
}

export interface Repetition {
  readonly count: number
  /** Operations at a time. */
  readonly concurrency: number
}

const WARM_UP_FRACTION = 10

/** Runs the operation `count` times, `concurrency` at a time, after a tenth of that to warm up. */
export async function operationCost(
  operation: string,
  { count, concurrency }: Repetition,
  once: (index: number) => Promise<unknown>,
): Promise<OperationCost> {
  const warmUp = Math.ceil(count / WARM_UP_FRACTION)
  const run = async (from: number, to: number): Promise<void> => {
    let next = from
    const worker = async (): Promise<void> => {
      while (next < to) await once(next++)
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
  await run(0, warmUp)
  const startedAtMs = performance.now()
  const before = process.cpuUsage()
  await run(warmUp, warmUp + count)
  const { user, system } = process.cpuUsage(before)
  const elapsedMs = performance.now() - startedAtMs
  return {
    operation,
    count,
    cpuUs: Math.round((user + system) / count),
    perSecond: Math.round((count * 1000) / elapsedMs),
  }
}
