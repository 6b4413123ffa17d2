/** What a process and its descendants have used, from proc(5). */
import { readdirSync, readFileSync } from 'node:fs'

export interface Usage {
  /** User and system time so far, in microseconds. The kernel counts in ticks of 10 ms: measure over many requests. */
  readonly cpuUs: number
  /** Resident memory now, in bytes; pages shared by workers count once for each. */
  readonly residentBytes: number
}

/** USER_HZ: 100 on every Linux port that Debian has (proc(5), sysconf(3) _SC_CLK_TCK). */
const TICK_US = 10_000
const PAGE_BYTES = 4096

/** Of `pid` and all its descendants. @throws where `pid` has ended. */
export function usageOf(pid: number): Usage {
  const usages = [ownUsage(pid), ...childrenOf(pid).map(usageIfAlive)]
  return {
    cpuUs: usages.reduce((sum, { cpuUs }) => sum + cpuUs, 0),
    residentBytes: usages.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
  }
}

/** A worker may end between being listed and being read. */
function usageIfAlive(pid: number): Usage {
  try {
    return usageOf(pid)
  } catch {
    return { cpuUs: 0, residentBytes: 0 }
  }
}

/** Of `pid` alone. @throws where it has ended. */
function ownUsage(pid: number): Usage {
  const fields = fieldsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // utime, stime, and those of children that ended and were waited for: fields 14 to 17; rss: field 24.
  const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + Number(fields(number)), 0)
  return { cpuUs: ticks * TICK_US, residentBytes: Number(fields(24)) * PAGE_BYTES }
}

/** Fields of /proc/PID/stat by their number in proc(5). The name, field 2, may hold spaces and parentheses. */
function fieldsOf(stat: string): (number: number) => string | undefined {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return number => afterName[number - 3]
}

export function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap(thread =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  )
}

export interface Memory {
  readonly residentBytes: number
  /** Where pages are shared, its part of them (PSS, proc_pid_smaps(5)): of several processes it may be added up. */
  readonly proportionalBytes: number
}

/** Of `pid` alone. @throws where it has ended. */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]) * 1024
  return { residentBytes: bytes('Rss'), proportionalBytes: bytes('Pss') }
}
