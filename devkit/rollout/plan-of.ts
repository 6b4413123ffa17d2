/** The plan of the roll-out, as an operator would write it for these two instances: programs and arguments only. */
import { resolve } from 'node:path'
import type { Plan } from '../../deploy/roll-out/plan.ts'
import type { ChaosEnvironment } from '../chaos/environment.ts'
import type { ServiceInstance } from './service-instance.ts'

const file = (name: string) => resolve(import.meta.dirname, '../../', name)
const SERVICE = file('devkit/rollout/service.ts')
const HAPROXY_SERVER = file('deploy/roll-out/haproxy-server.ts')
const TORHAUS_RELEASE = file('deploy/two-machines/torhaus-release')
const WATCH_SECONDS = 2

export function planOf(environment: ChaosEnvironment<ServiceInstance>, releases: string): Plan {
  const { directory, instances, certificateFile, traffic } = environment
  const release = (verb: string) => [
    ...['env', `TORHAUS_RELEASES=${releases}`, `TORHAUS_CURRENT=${directory}/{name}/current`],
    ...[TORHAUS_RELEASE, verb, '{version}'],
  ]
  const service = (verb: string) => [process.execPath, SERVICE, verb, `${directory}/{name}`]
  const haproxy = (state: string) => [
    process.execPath,
    ...[HAPROXY_SERVER, haproxySocket(directory), 'torhaus/{name}', state],
  ]
  const whoami = { path: '/DefaultCollection/_apis/whoami', method: 'GET' } as const
  return {
    publicUrl: traffic.url,
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
    smokeTests: [
      { ...whoami, status: 401 },
      { ...whoami, status: 200, fieldFiles: { Authorization: `${directory}/smoke-test` }, content: 'ada' },
    ],
    gates: { commandSeconds: 90, readySeconds: 15, readyChecks: 2, watchSeconds: WATCH_SECONDS, maxFailedShare: 0.001 },
  }
}

/** Paths of UNIX sockets are short (unix(7)); the folder is one below the temporary one. */
export const haproxySocket = (directory: string) => `${directory}/admin.sock`
