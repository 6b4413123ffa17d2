/** Explains to operators why a process or a part of it failed to start: what was missing, and what to do. */
import { causeChain } from '../cause-chain.ts'
import { missingPackage } from './missing-package.ts'

const TASKS = 'TasksMax of the unit, --pids-limit of the container, `ulimit -u` of the account'
const MEMORY = 'MemoryMax of the unit, --memory of the container, or less listener.workers'

/** Resources the system can run out of, by error code. */
const SHORTAGES: Readonly<Record<string, string>> = {
  EMFILE:
    'no file descriptor is free (EMFILE): raise the limit, LimitNOFILE=65536 in the unit, --ulimit nofile=65536:65536 of the container',
  ENFILE: 'this machine has no free file descriptor (ENFILE): raise fs.file-max (sysctl)',
  EAGAIN: `the system gives no more processes or threads (EAGAIN): raise ${TASKS}`,
  ENOMEM: `the system gives no more memory (ENOMEM): raise ${MEMORY}`,
}

/** Undefined: not a shortage of resources. */
export function shortage(error: unknown): string | undefined {
  const { code = '', cause } = error as NodeJS.ErrnoException
  return SHORTAGES[code] ?? (cause instanceof Error ? shortage(cause) : undefined)
}

/** In one line, without a stack. */
export const failureInWords = (error: unknown): string =>
  missingPackage(error) ?? shortage(error) ?? causeChain(error as Error)

/** How a worker ended. Node reports missing threads and memory on standard error. */
export function endInWords(signal: string | null, code: number | null, hasListened: boolean): string {
  const how = `ended with ${signal ?? `exit code ${code}`}`
  return signal === 'SIGABRT' && !hasListened
    ? `${how} while it started, mostly for want of threads or memory: raise ${TASKS}; ${MEMORY}`
    : how
}
