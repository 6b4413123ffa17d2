/** Most calls at a time that need no KDC: accepting a token, and initiating with a cached ticket. */
export const LOCAL_CALLS = 4

/** libuv's own default (uv_queue_work): what file system, DNS, compression and cryptography expect to find free. */
const THREADS_FOR_OTHERS = 4

/**
 * Threads with which Kerberos can never starve the rest of the process: a KDC that says nothing holds one for each of
 * `kdcCalls`, for 25 s.
 */
export const requiredThreads = (kdcCalls: number): number => kdcCalls + LOCAL_CALLS + THREADS_FOR_OTHERS
