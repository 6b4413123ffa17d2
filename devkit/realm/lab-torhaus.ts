/**
 * Torhaus as `proxy.corp.test`: a process of its own in front of the lab's Apache, with the lab's directory and an OP.
 *
 * The OP's users are the directory's, each with a TOTP secret; a session or an access token of theirs has both factors.
 * A ticket or a password of the directory needs a confirmation, unless the lab is asked to do without a second factor.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { startTorhaus } from '../demo/torhaus-process.ts'
import type { OpUser } from '../op/accounts.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../op/openid-provider.ts'
import { newTotpSecret } from '../op/totp.ts'
import { freePort } from '../torhaus/free-port.ts'
import { inOptionsOf } from '../torhaus/options-of-tree.ts'
import { agreed, torhausConfig, writeTorhausConfig } from '../torhaus/torhaus-config.ts'
import type { OriginHost } from './apache-origin.ts'
import { DEVOPS_SPN, PROXY_NAME } from './lab-accounts.ts'
import type { SambaKdc } from './samba-kdc.ts'

const PROXY_ADDRESS = '127.0.0.1'

/** It ends with this process, whatever ends this process. */
const LAUNCHER = ['setpriv', '--pdeathsig', 'TERM']

export type LabUser = OpUser & { readonly totpSecret: string }

export type LabTorhaus = {
  /** `http://proxy.corp.test:port`. */
  readonly url: string
  readonly address: string
  readonly port: number
  /** `host:port:address`, for curl's --resolve and git's http.curloptResolve. */
  readonly resolve: string
  readonly adminUrl: string
  readonly op: OpenIdProvider
  readonly users: ReadonlyMap<string, LabUser>
  readonly configFile: string
  readonly logFile: string
  readonly pid: number
  /** Resolves with a sentence when the process has ended. */
  readonly ended: Promise<string>
  stop(): Promise<void>
  /** Ends the process at once, without waiting. */
  kill(): void
}

export type LabTorhausOptions = {
  readonly kdc: Pick<SambaKdc, 'realm' | 'krb5Config' | 'keytabs' | 'passwordOf'>
  readonly upstream: Pick<OriginHost, 'address' | 'port'>
  /** A rule lets a ticket and a directory password pass alone: for what is not about the second factor. */
  readonly firstFactorIsEnough: boolean
  /** Users of the OP; they sign in there with their directory password. Default: alice and bob. */
  readonly users?: readonly string[]
  readonly ports?: { readonly port: number; readonly adminPort: number }
  /** Where its files go; made if missing. The default is a new temporary folder, removed by stop(). */
  readonly directory?: string
  /** Changes the configuration before it is written. */
  readonly configure?: (config: LabConfig) => object
  /** Root of another working tree, whose Torhaus is started. */
  readonly tree?: string
  /** Another Node than this one, and what runs it. */
  readonly node?: readonly string[]
  /** Variables beside those of this process. */
  readonly environment?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

type LabConfig = ReturnType<typeof labConfig>

/** Rejects when Torhaus does not become ready, with its last words; leaves nothing then. */
export async function startLabTorhaus(options: LabTorhausOptions): Promise<LabTorhaus> {
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-lab-proxy-', options.directory)
  undo.defer(remove)
  const replayCaches = join(directory, 'rcache')
  await mkdir(replayCaches, { recursive: true })
  const { port, adminPort } = options.ports ?? { port: await freePort(), adminPort: await freePort() }
  const url = `http://${PROXY_NAME}:${port}`
  const clientSecret = randomBytes(24).toString('base64url')
  const users = labUsers(options)
  const op = await startOp(url, clientSecret, [...users.values()])
  undo.defer(() => op.close())

  const upstreamUrl = `http://${options.upstream.address}:${options.upstream.port}`
  const setting = { port, adminPort, upstreamUrl, issuer: op.issuer, clientSecret, directory }
  const { configure = config => config } = options
  const configFile = await writeTorhausConfig(setting, () => {
    const config = configure(labConfig(setting, options))
    return options.tree === undefined ? config : inOptionsOf(options.tree, config)
  })
  const logFile = join(directory, 'torhaus.log')
  const environment = { KRB5RCACHEDIR: replayCaches, ...options.environment }
  const torhaus = startTorhaus(configFile, logFile, {
    ...{ environment, launcher: LAUNCHER },
    ...(options.tree === undefined ? {} : { tree: options.tree }),
    ...(options.node === undefined ? {} : { node: options.node }),
  })
  undo.defer(() => torhaus.stop())
  const adminUrl = `http://${PROXY_ADDRESS}:${adminPort}`
  await torhaus.ready(adminUrl, options.signal ?? new AbortController().signal)
  const kept = undo.move()
  const { ended, kill, pid = 0 } = torhaus
  return {
    ...{ url, port, adminUrl, op, users, configFile, logFile, ended, kill, pid },
    address: PROXY_ADDRESS,
    resolve: `${PROXY_NAME}:${port}:${PROXY_ADDRESS}`,
    stop: () => kept.disposeAsync(),
  }
}

function labUsers({ kdc, users = ['alice', 'bob'] }: LabTorhausOptions): Map<string, LabUser> {
  return new Map(
    users.map(name => [name, { name, password: kdc.passwordOf(name), totpSecret: newTotpSecret(randomBytes) }]),
  )
}

function startOp(url: string, clientSecret: string, users: readonly OpUser[]): Promise<OpenIdProvider> {
  const redirectUris = [`${url}/.torhaus/callback`]
  const postLogoutRedirectUris = [`${url}/.torhaus/signed-out`]
  return startOpenIdProvider({
    users,
    audience: agreed.audience,
    clients: [{ clientId: agreed.clientId, clientSecret, redirectUris, postLogoutRedirectUris }],
  })
}

const firstFactorRule = {
  name: 'first-factor',
  reason: 'the lab tries everything else with one factor',
  when: { schemes: ['negotiate', 'basic'] },
  require: 'first-factor',
}

function labConfig(setting: Parameters<typeof torhausConfig>[0], options: LabTorhausOptions) {
  const { kdc, firstFactorIsEnough } = options
  const usual = torhausConfig(setting)
  return {
    ...usual,
    publicUrl: `http://${PROXY_NAME}:${setting.port}`,
    allowPlainHttp: true,
    upstream: {
      url: setting.upstreamUrl,
      maxConnections: 64,
      identity: {
        kind: 'kerberos',
        kerberos: { targetPrincipal: DEVOPS_SPN, authenticatesConnections: false },
      },
    },
    kerberos: {
      realm: kdc.realm,
      netbiosDomain: 'CORP',
      keytabFile: kdc.keytabs.proxy,
      servicePrincipal: 'svc-proxy',
      // Which KDCs there are, and to earlier versions everything else.
      krb5ConfigFile: kdc.krb5Config,
      kdcTimeoutMs: 5000,
      kdcPauseMs: 5000,
      maxPrincipals: 10_000,
      passwords: { accept: true, maxFailuresPerAccount: 3, maxFailuresPerAddress: 20 },
    },
    secondFactor: { ...usual.secondFactor, rules: (firstFactorIsEnough ? [firstFactorRule] : []) as object[] },
    credentials: { ...usual.credentials, offer: ['Bearer', 'Basic', 'Negotiate'], offerRules: [] as object[] },
  }
}
