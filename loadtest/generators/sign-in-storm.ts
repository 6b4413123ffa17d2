/**
 * So many complete sign-ins per second, whatever becomes of those before: each by a new browser, which is sent to the
 * OP, proves both factors there, comes back with a code and ends at the page it wanted.
 */
import { setTimeout as sleep } from 'node:timers/promises'

export interface SignInStormOptions {
  readonly perSecond: number
  readonly count: number
  /** One whole sign-in; true when it ended at the page. */
  readonly signIn: () => Promise<boolean>
  readonly signal: AbortSignal
}

export interface SignInStorm {
  /** Completed. */
  readonly requests: number
  readonly durationS: number
  readonly errors: number
  readonly latenciesMs: readonly number[]
}

export async function signInStorm({ perSecond, count, signIn, signal }: SignInStormOptions): Promise<SignInStorm> {
  const latenciesMs: number[] = []
  const startMs = performance.now()
  const one = async (number: number): Promise<boolean> => {
    const dueAtMs = startMs + (number * 1000) / perSecond
    await sleep(Math.max(0, dueAtMs - performance.now()), undefined, { signal })
    const ended = await signIn().catch(() => false)
    if (ended) latenciesMs.push(performance.now() - dueAtMs)
    return ended
  }
  const ended = await Promise.all(Array.from({ length: count }, (_, number) => one(number)))
  const requests = ended.filter(Boolean).length
  return { requests, durationS: (performance.now() - startMs) / 1000, errors: count - requests, latenciesMs }
}
