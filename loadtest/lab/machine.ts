import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { isPinned } from './cores.ts'

/** One sentence about the machine, for whoever reads the figures elsewhere. */
export function describeMachine(): string {
  const [cpu, ...others] = cpus()
  const pinning = isPinned ? 'proxy alone on core 1, origin server and generator on core 0' : 'nothing pinned'
  return (
    `${cpu?.model.trim()}, ${others.length + 1} cores, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, ` +
    `${debianVersion()}, Node ${process.versions.node}; ${pinning}; load average at the start ${loadavg()[0]?.toFixed(2)}.`
  )
}

function debianVersion(): string {
  try {
    return `Debian ${readFileSync('/etc/debian_version', 'utf8').trim()}`
  } catch {
    return 'not Debian'
  }
}
