/** Where figures come from: without it they mean nothing elsewhere. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { debianPackageVersion } from '../../devkit/torhaus/debian-packages.ts'
import { isPinned } from './cores.ts'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly system: string
  readonly node: string
  readonly isPinned: boolean
  /** Of TCP (Linux): `bbr` lets four packets alone be under way for 200 ms, every ten seconds. Undefined: unknown. */
  readonly congestionControl?: string | undefined
  /** Of one minute, when the run began: above 0.5 or so, others worked too. */
  readonly loadAverage: number
  /** Versions of the origin server, the generators and the peers that are installed. */
  readonly programs: Readonly<Record<string, string>>
}

const ROOT = join(import.meta.dirname, '../..')
const DEBIAN_PROGRAMS = [
  'nginx',
  'wrk',
  'curl',
  'haproxy',
  'caddy',
  'apache2',
  'libapache2-mod-auth-openidc',
  'libapache2-mod-auth-gssapi',
  'samba',
]
const NPM_PROGRAMS = ['@fastify/http-proxy', 'oidc-provider', 'undici']

export async function readMachine(): Promise<Machine> {
  const [cpu, ...others] = cpus()
  const debian = await Promise.all(DEBIAN_PROGRAMS.map(async name => [name, await debianPackageVersion(name)] as const))
  const programs = [...debian, ...NPM_PROGRAMS.map(name => [name, npmVersion(name)] as const)]
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: others.length + 1,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    // What a distributor or host adds to the version says nothing elsewhere.
    kernel: /^[\d.]+/.exec(release())?.[0] ?? release(),
    system: debianVersion(),
    node: process.versions.node,
    isPinned,
    congestionControl: congestionControl(),
    loadAverage: Number((loadavg()[0] ?? 0).toFixed(2)),
    programs: Object.fromEntries(
      programs.flatMap(([name, version]) => (version === undefined ? [] : [[name, version]])),
    ),
  }
}

/** One sentence. */
export function machineText({ cpu, cores, memoryGb, kernel, system, node, ...how }: Machine): string {
  const pinning = how.isPinned ? 'proxy alone on core 1, origin server and generator on core 0' : 'nothing pinned'
  const tcp = how.congestionControl === undefined ? '' : ` (TCP ${how.congestionControl})`
  return (
    `${cpu}, ${cores} cores, ${memoryGb} GB, Linux ${kernel}${tcp}, ${system}, Node ${node}; ${pinning}; ` +
    `load average at the start ${how.loadAverage.toFixed(2)}.`
  )
}

/** Of the working tree; `+` where its sources differ from that commit. Undefined outside a repository. */
export function readCommit(): string | undefined {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim()
    const changes = git('status', '--porcelain', '--', 'src', 'middleware', 'config')
    return git('rev-parse', '--short', 'HEAD') + (changes === '' ? '' : '+')
  } catch {
    return undefined
  }
}

function npmVersion(name: string): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'))
    return (manifest as { version: string }).version
  } catch {
    return undefined
  }
}

function congestionControl(): string | undefined {
  try {
    return readFileSync('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').trim()
  } catch {
    return undefined
  }
}

function debianVersion(): string {
  try {
    return `Debian ${readFileSync('/etc/debian_version', 'utf8').trim()}`
  } catch {
    return 'not Debian'
  }
}
