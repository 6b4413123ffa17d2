/** The configurations under which attacks are tried. Each is started once, for all its attacks. */
import type { torhausConfig } from '../torhaus/torhaus-config.ts'

type Usual = ReturnType<typeof torhausConfig>

interface Store {
  /** Sessions and all else in a Redis of its own; left out where there is no redis-server. */
  readonly redis?: true
}

/** Before an OP alone, as the demo. */
export interface PlainSetting extends Store {
  readonly configure: (usual: Usual) => object
  /** A person at Chromium; left out where there is none. */
  readonly browser?: true
  /** The admin listener has a credential, and the pages for operators. */
  readonly operator?: true
  /** Our own pages have a host of their own. */
  readonly ownHost?: true
  readonly lab?: undefined
}

/** Before a directory, with tickets and passwords; left out where Samba cannot be started. */
export interface LabSetting extends Store {
  readonly lab: {
    readonly workers: number
    /** A ticket or a password is enough; otherwise the second factor is demanded. */
    readonly firstFactorIsEnough?: true
  }
  readonly browser?: undefined
}

export type Setting = PlainSetting | LabSetting

const rule = (name: string, require: string, when: object) => ({ name, reason: 'attacked', require, when })

const RULES = [
  rule('no-administration', 'refuse', { path: '/tfs/_admin(/.*)?' }),
  rule('no-user-administration', 'refuse', { path: '/api/v1/admin/users' }),
  rule('no-deletes', 'refuse', { methods: ['DELETE'] }),
  rule('no-pushes', 'refuse', { gitOperation: 'push' }),
  rule('not-this-person', 'refuse', { account: 'CORP\\\\admin' }),
  rule('badges', 'nothing', { path: '/badge/[^/]+' }),
  rule('one-factor-reads', 'first-factor', { path: '/reads/.*', methods: ['GET'] }),
]

/** As people configure it: a field for the account, and everything else by default. */
const plain = (usual: Usual) => ({
  ...usual,
  upstream: { ...usual.upstream, identity: { kind: 'header', header: { field: 'X-Remote-Account' } } },
})

const ruled = (usual: Usual) => ({ ...plain(usual), secondFactor: { ...usual.secondFactor, rules: RULES } })

const workers = (usual: Usual) => {
  const config = ruled(usual)
  return { ...config, listener: { ...config.listener, workers: 2 } }
}

/** The origin answers like Azure DevOps Server or GitLab, where an attack has it do so. */
const proven =
  (product: 'azure-devops' | 'gitlab', patPolicy: object = {}) =>
  (usual: Usual) => ({
    ...plain(usual),
    credentials: {
      ...usual.credentials,
      personalAccessTokens: [product],
      patProof: { profile: product, maxReadsPerNetwork: 1000 },
      patPolicy,
    },
  })

const CONFIRM = { confirm: 'first-use', confirmExceptFrom: ['192.0.2.0/24'], reportOnly: false }

/** Written beside the configuration of each target. */
export const ADMIN_CREDENTIAL_FILE = 'admin-credential'

const withOperator = (usual: Usual) => {
  const config = plain(usual)
  return { ...config, admin: { ...config.admin, credentialFile: ADMIN_CREDENTIAL_FILE } }
}

export const SETTINGS = {
  plain: { configure: plain },
  'proven tokens': { configure: proven('azure-devops') },
  'proven tokens of GitLab': { configure: proven('gitlab') },
  'confirmed tokens': { configure: proven('azure-devops', CONFIRM) },
  rules: { configure: ruled },
  'two workers': { configure: workers },
  'two workers on Redis': { configure: workers, redis: true },
  operator: { configure: withOperator, operator: true },
  browser: { configure: plain, browser: true },
  'own host': { configure: plain, ownHost: true },
  'browser and own host': { configure: plain, browser: true, ownHost: true },
  lab: { lab: { workers: 1 } },
  'lab, two workers on Redis': { redis: true, lab: { workers: 2 } },
  'lab with one factor': { lab: { workers: 2, firstFactorIsEnough: true } },
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS
