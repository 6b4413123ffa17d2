/** The plan of the roll-out, as an operator would write it for these two instances: programs and arguments only. */
import { resolve } from 'node:path'
import type { Plan, PlannedSmokeTest } from '../../deploy/roll-out/plan.ts'
import type { ServiceInstance } from './service-instance.ts'

const file = (name: string) => resolve(import.meta.dirname, '../../', name)
const SERVICE = file('devkit/rollout/service.ts')
const HAPROXY_SERVER = file('deploy/roll-out/haproxy-server.ts')
const TORHAUS_RELEASE = file('deploy/two-machines/torhaus-release')
const WATCH_SECONDS = 2

/** Two instances below `directory`, which speak TLS and are called as HAProxy calls its servers. */
export interface RollOutPlace {
  readonly directory: string
  /** One folder a version. */
  readonly releases: string
  readonly publicUrl: string
  readonly certificateFile: string
  readonly instances: readonly ServiceInstance[]
  readonly smokeTests: PlannedSmokeTest[]
}

export function planOf({ directory, releases, publicUrl, certificateFile, instances, smokeTests }: RollOutPlace): Plan {
  const release = (verb: string) => [
    ...['env', `TORHAUS_RELEASES=${releases}`, `TORHAUS_CURRENT=${directory}/{name}/current`],
    ...[TORHAUS_RELEASE, verb, '{version}'],
  ]
  const service = (verb: string) => [process.execPath, SERVICE, verb, `${directory}/{name}`]
  const haproxy = (state: string) => [
    process.execPath,
    ...[HAPROXY_SERVER, haproxySocket(directory), 'torhaus/{name}', state],
  ]
  return {
    publicUrl,
    caFile: certificateFile,
    instances: instances.map(({ name, port, adminPort }) => ({
      name,
      address: `https://127.0.0.1:${port}`,
      admin: `http://127.0.0.1:${adminPort}`,
    })),
    commands: {
      takeOut: haproxy('drain'),
      stop: service('stop'),
      activate: release('activate'),
      start: service('start'),
      putBack: haproxy('ready'),
      restore: release('restore'),
    },
    smokeTests,
    gates: { commandSeconds: 90, readySeconds: 15, readyChecks: 2, watchSeconds: WATCH_SECONDS, maxFailedShare: 0.001 },
  }
}

/** Paths of UNIX sockets are short (unix(7)); the folder is one below the temporary one. */
export const haproxySocket = (directory: string) => `${directory}/admin.sock`
