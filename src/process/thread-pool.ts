/**
 * How many threads libuv has in a worker: for files, names and cryptography. It reads UV_THREADPOOL_SIZE once, when the
 * first job is queued, so the supervisor sets it before the worker begins.
 */
import type { Surroundings } from '../clock.ts'

const USUAL_THREADS = 16

/** What the operator has set, or 16. */
export const threadPoolSize = (environment: Surroundings['environment']): number =>
  Number(environment.UV_THREADPOOL_SIZE) || USUAL_THREADS
