/**
 * How many threads libuv has in a worker. It reads UV_THREADPOOL_SIZE once, when the first job is queued, so the
 * supervisor sets it before the worker begins; with a new configuration come new workers.
 */
import type { Config } from '../../config/schema.ts'
import type { Surroundings } from '../clock.ts'
import { requiredThreads } from '../kerberos/threads.ts'

const USUAL_THREADS = 16

/** What the operator has set, or 16; more where Kerberos would leave too few of them to the rest. */
export function threadPoolSize(
  { kerberos }: Pick<Config, 'kerberos'>,
  environment: Surroundings['environment'],
): number {
  const usual = Number(environment.UV_THREADPOOL_SIZE) || USUAL_THREADS
  return kerberos === undefined ? usual : Math.max(usual, requiredThreads(kerberos.maxKdcCalls))
}
