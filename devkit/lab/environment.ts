import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { type DemoPorts, requireFreePorts } from '../demo/ports.ts'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { type OriginHost, startApacheOrigin } from '../realm/apache-origin.ts'
import { numberedAccounts } from '../realm/lab-accounts.ts'
import { type LabTorhaus, type LabUser, startLabTorhaus } from '../realm/lab-torhaus.ts'
import { startSambaKdc } from '../realm/samba-kdc.ts'
import { startKdcs } from './kdc-choice.ts'

/** An account of the directory and, under the same name and password, of the OP. */
type LabPerson = {
  readonly password: string
  readonly totpSecret: string
  /** An access token of the OP, with the second factor, for eight hours. */
  readonly bearer: string
}

/** What `--json` prints: the interface of the lab. Addresses have no trailing slash, except that of the counter. */
type LabFacts = {
  readonly proxy: string
  readonly admin: string
  /** `host:port:address` of the proxy, for curl's --resolve and git's http.curloptResolve. */
  readonly resolve: string
  /** Path, for KRB5_CONFIG. */
  readonly krb5Config: string
  readonly realm: string
  /** With `--kdcs` also twenty accounts that nobody has used. */
  readonly users: Readonly<Record<'alice' | 'bob', LabPerson>> & Readonly<Record<string, LabPerson>>
  /** Through the proxy: `{"account":"alice@CORP.TEST"}`, what the origin server saw as REMOTE_USER. */
  readonly whoami: string
  readonly gitUrl: string
  /** Apache itself, past the proxy: each request authenticated by itself; and each connection once. */
  readonly origin: string
  readonly boundOrigin: string
  /** Answers `{"as":number,"tgs":number}`: the requests that reached the KDC. */
  readonly kdcCounter: string
}

export type Lab = {
  readonly firstFactorIsEnough: boolean
  readonly facts: LabFacts
  readonly logFile: string
  /** Resolves with a sentence if Torhaus ends by itself. */
  readonly broken: Promise<string>
  /** Ends everything and removes what was made, except the cache of provisioned directories. */
  stop(): Promise<void>
}

const BEARER_LIFETIME_S = 8 * 3600

export interface LabOptions {
  readonly ports: DemoPorts
  /** A ticket or a password of the directory passes alone. */
  readonly firstFactorIsEnough: boolean
  /** How the KDCs behave, in the order of the configuration; empty: one that works. */
  readonly kdcs: readonly string[]
}

const UNUSED_ACCOUNTS = 20

/**
 * Starts the parts in the order they need each other. Whatever fails or is aborted half-way is undone before this
 * rejects; should the process end abruptly, an exit handler removes the files, and the programs end with this process.
 */
export async function startLab(
  { ports, firstFactorIsEnough, kdcs }: LabOptions,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<Lab> {
  await requireFreePorts(ports)
  await using undo = new AsyncDisposableStack()
  const { directory, remove } = await temporaryFolder('torhaus-lab-')
  undo.defer(remove)
  // It is made for its owner alone; Apache's workers run as another user.
  await chmod(directory, 0o711)

  tell('Starting the directory (Samba as Active Directory KDC); the first time this takes a while ...')
  const unused = kdcs.length === 0 ? [] : numberedAccounts(UNUSED_ACCOUNTS).map(({ name }) => name)
  const kdc = await startSambaKdc({ directory: join(directory, 'directory'), extraUsers: unused.length })
  undo.defer(kdc.close)
  signal.throwIfAborted()

  tell('Starting the origin server (Apache with Kerberos) ...')
  const apache = await startApacheOrigin({ kdc, directory: join(directory, 'origin') })
  undo.defer(apache.close)
  signal.throwIfAborted()

  tell('Starting the OpenID Provider and Torhaus ...')
  // The host that keeps authentication on connections: where a mistake of the proxy would show.
  const upstream = apache.connectionBound
  const users = ['alice', 'bob', ...unused]
  const proxy = await startLabTorhaus({
    ...{ upstream, ports, users, firstFactorIsEnough, directory: join(directory, 'proxy'), signal },
    kdc: kdcs.length === 0 ? kdc : { ...kdc, krb5Config: await startKdcs(kdc, kdcs, undo) },
  })
  undo.defer(() => proxy.stop())
  const facts: LabFacts = {
    proxy: proxy.url,
    admin: proxy.adminUrl,
    resolve: proxy.resolve,
    krb5Config: kdc.krb5Config,
    realm: kdc.realm,
    users: {
      alice: await personOf(proxy, 'alice'),
      bob: await personOf(proxy, 'bob'),
      ...Object.fromEntries(await Promise.all(unused.map(async name => [name, await personOf(proxy, name)]))),
    },
    whoami: `${proxy.url}/whoami`,
    gitUrl: `${proxy.url}/git/demo.git`,
    origin: addressOf(apache.perRequest),
    boundOrigin: addressOf(apache.connectionBound),
    kdcCounter: kdc.kdcCounter,
  }
  const kept = undo.move()
  return { facts, firstFactorIsEnough, logFile: proxy.logFile, broken: proxy.ended, stop: () => kept.disposeAsync() }
}

/** By address: no resolver knows the lab's names. */
const addressOf = ({ address, port }: OriginHost) => `http://${address}:${port}`

async function personOf({ op, users }: LabTorhaus, name: string): Promise<LabPerson> {
  const { password, totpSecret } = users.get(name) as LabUser
  const nowS = Math.floor(Date.now() / 1000)
  return { password, totpSecret, bearer: await op.issueAccessToken(name, { exp: nowS + BEARER_LIFETIME_S }) }
}
