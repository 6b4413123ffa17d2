/**
 * Number of libuv threads in a worker, for files, name resolution and cryptography. libuv reads UV_THREADPOOL_SIZE
 * once, when the first job is queued, so the supervisor sets it before the worker starts.
 */
import type { Surroundings } from '../clock.ts'

const USUAL_THREADS = 16

/** The operator's setting, or 16. */
export const threadPoolSize = (environment: Surroundings['environment']): number =>
  Number(environment.UV_THREADPOOL_SIZE) || USUAL_THREADS
