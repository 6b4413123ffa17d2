/** The plan of the roll-out, as an operator would write it for these two instances: programs and arguments only. */
import { resolve } from 'node:path'
import type { Plan, PlannedSmokeTest } from '../../deploy/roll-out/plan.ts'
import type { ServiceInstance } from './service-instance.ts'
import type { MadeReleases } from './versions.ts'

const file = (name: string) => resolve(import.meta.dirname, '../../', name)
const SERVICE = file('devkit/rollout/service.ts')
const HAPROXY_SERVER = file('deploy/roll-out/haproxy-server.ts')
const TORHAUS_RELEASE = file('deploy/two-machines/torhaus-release')
const WATCH_SECONDS = 2

/** Two instances below `directory`, which speak TLS and are called as HAProxy calls its servers. */
export interface RollOutPlace {
  readonly directory: string
  /** One folder a version that is installed. */
  readonly releases: string
  readonly made: MadeReleases
  readonly publicUrl: string
  readonly certificateFile: string
  readonly instances: readonly ServiceInstance[]
  readonly smokeTests: PlannedSmokeTest[]
  /** Where the instances have `admin.credentialFile`. */
  readonly adminCredentialFile?: string
}

export function planOf(place: RollOutPlace): Plan {
  const { directory, releases, made, publicUrl, certificateFile, instances, smokeTests, adminCredentialFile } = place
  const release = (verb: string, ...args: string[]) => [
    ...['env', `TORHAUS_RELEASES=${releases}`, `TORHAUS_CURRENT=${directory}/{name}/current`],
    ...[TORHAUS_RELEASE, verb, ...args],
  ]
  const service = (verb: string) => [process.execPath, SERVICE, verb, `${directory}/{name}`]
  const haproxy = (state: string) => [
    process.execPath,
    ...[HAPROXY_SERVER, haproxySocket(directory), 'torhaus/{name}', state],
  ]
  return {
    publicUrl,
    caFile: certificateFile,
    release: { ...made },
    ...(adminCredentialFile !== undefined && { adminCredentialFile }),
    instances: instances.map(({ name, port, adminPort }) => ({
      name,
      address: `https://127.0.0.1:${port}`,
      admin: `http://127.0.0.1:${adminPort}`,
    })),
    commands: {
      prepare: release('install', `${made.folder}/${made.file}`, '{sha256}'),
      takeOut: haproxy('drain'),
      stop: service('stop'),
      activate: release('activate', '{version}'),
      start: service('start'),
      putBack: haproxy('ready'),
      restore: release('restore', '{version}'),
    },
    smokeTests,
    gates: {
      commandSeconds: 90,
      readySeconds: 120,
      readyChecks: 2,
      watchSeconds: WATCH_SECONDS,
      maxFailedShare: 0.001,
    },
  }
}

/** Paths of UNIX sockets are short (unix(7)); the folder is one below the temporary one. */
export const haproxySocket = (directory: string) => `${directory}/admin.sock`
