import type { Registry } from 'prom-client'
import { registerCounter } from './counters.ts'

/** Of each process that writes to it: the supervisor, and workers where standard output is a file. */
export const observeLogWrites = (registry: Registry, failedWrites: () => number): void =>
  registerCounter(
    registry,
    'torhaus_log_writes_failed_total',
    'Writes of the log that failed: to a pipe, their records are lost; to a file, they wait, until too many do.',
    failedWrites,
  )
