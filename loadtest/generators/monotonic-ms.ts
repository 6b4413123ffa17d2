/** Milliseconds of a clock that all threads of a process share; `performance.now()` begins anew in each. */
export const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6
