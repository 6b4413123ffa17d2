/**
 * A real Active Directory KDC for tests: Samba on a loopback address of its own, behind a counting relay.
 *
 *   clients (krb5.conf) -> KdcRelay (counts, misbehaves) -> samba, server services = kdc
 */

import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { temporaryFolder } from '../demo/temporary-folder.ts'
import { closeServer } from '../op/close-server.ts'
import { ensureDebianPackages } from '../torhaus/debian-packages.ts'
import { freeLoopbackAddress } from './free-loopback-address.ts'
import { type KdcRelay, type KdcRequests, startKdcRelay } from './kdc-relay.ts'
import { krb5Config } from './krb5-config.ts'
import { LAB_ACCOUNTS, type LabAccount, type LabAccountName, numberedAccounts, REALM } from './lab-accounts.ts'
import { addAccounts, inPlace, KEYTABS, provisionedDirectory, smbConf } from './provisioned-directory.ts'
import { runCommand } from './run-command.ts'
import { KDC_PORT, KPASSWD_PORT } from './samba-config.ts'
import { startServerProcess } from './server-process.ts'

/** To start it, and for clients with tickets. */
export const LAB_PACKAGES = [
  'samba',
  'samba-ad-dc',
  'samba-ad-provision',
  'samba-dsdb-modules',
  'samba-vfs-modules',
  'winbind',
  'python3-samba',
  'ldb-tools',
  'krb5-user',
  'curl',
]

const DEFAULT_CACHE = join(import.meta.dirname, '../../.cache/lab')

export type SambaKdcOptions = {
  /**
   * Where the lab's files go (it must be empty or not exist); the default is a new temporary folder, removed by
   * close().
   */
  readonly directory?: string
  /** Users `u0001` ... besides those of LAB_ACCOUNTS; part of what is cached. */
  readonly extraUsers?: number
  /** Accounts `p00001` ... without a password, for services to act for; part of what is cached. */
  readonly crowd?: number
  /** Accounts of this test alone; not cached. */
  readonly accounts?: readonly LabAccount[]
  /** Where provisioned directories are kept; the default is the repository's `.cache/lab`. */
  readonly cacheDirectory?: string
  /** A root with a Samba of its own (samba-of-trixie.ts); the default is that of this machine. */
  readonly root?: string
}

export type SambaKdc = {
  readonly realm: typeof REALM
  /** The lab's own loopback address: any port on it may be taken by the lab's other servers. */
  readonly address: string
  /** `address:port` of the relay; krb5.conf names it. */
  readonly kdc: string
  /** Path of the krb5.conf, for KRB5_CONFIG. */
  readonly krb5Config: string
  readonly directory: string
  /** Paths. proxy: HTTP/proxy.corp.test and svc-proxy; devops: HTTP/devops.corp.test. */
  readonly keytabs: Readonly<Record<keyof typeof KEYTABS, string>>
  readonly users: Readonly<Record<LabAccountName, { readonly password: string }>>
  readonly relay: KdcRelay
  /** URL that answers `{"as":number,"tgs":number}`. */
  readonly kdcCounter: string
  /** Of any account of this lab. @throws for a name the lab does not know. */
  passwordOf(name: string): string
  addAccounts(accounts: readonly LabAccount[]): Promise<void>
  /** Runs samba-tool on this directory; resolves with its standard output. */
  sambaTool(...args: readonly string[]): Promise<string>
  /**
   * Another krb5.conf in the lab's folder, e.g. with a short ticket lifetime or a second KDC; resolves with its path.
   */
  writeKrb5Config(
    name: string,
    options?: { readonly kdcs?: readonly string[]; readonly ticketLifetimeSeconds?: number },
  ): Promise<string>
  /** Requests that reached the relay since the start. */
  requests(): KdcRequests
  close(): Promise<void>
}

/**
 * Installs what is missing, provisions (about 6 s) or restores (under 1 s), starts. @throws with the reason; leaves
 * nothing.
 */
export async function startSambaKdc(options: SambaKdcOptions = {}): Promise<SambaKdc> {
  await ensureDebianPackages(LAB_PACKAGES)
  const { directory, remove } = await temporaryFolder('torhaus-lab-kdc-', options.directory)
  const stops: (() => Promise<void>)[] = [async () => remove()]
  const close = async () => {
    for (let stop = stops.pop(); stop !== undefined; stop = stops.pop()) await stop()
  }
  try {
    return { ...(await startIn(directory, options, stops)), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startIn(
  directory: string,
  options: SambaKdcOptions,
  stops: (() => Promise<void>)[],
): Promise<Omit<SambaKdc, 'close'>> {
  const { extraUsers = 0, crowd = 0, accounts = [], cacheDirectory = DEFAULT_CACHE, root } = options
  const address = await freeLoopbackAddress([KDC_PORT, KPASSWD_PORT])
  const place = { directory: join(directory, 'samba'), address, root }
  await mkdir(place.directory, { recursive: true })
  await provisionedDirectory(place, { cacheDirectory, extraUsers, crowd })
  const passwords = new Map<string, string>()
  const remember = (added: readonly LabAccount[]) => {
    for (const { name, password } of added) passwords.set(name, password)
  }
  const add = async (added: readonly LabAccount[]) => {
    if (added.length > 0) await addAccounts(place, added)
    remember(added)
  }
  remember([...Object.values(LAB_ACCOUNTS), ...numberedAccounts(extraUsers)])
  await add(accounts)

  // --model=single: one process, one pid to end. -i: it ends by itself when its standard input closes with this
  // process.
  const [program, args] = inPlace(place, 'samba', ['-i', '-s', smbConf(place), '--model=single'])
  const samba = await startServerProcess(program, args, { address, port: KDC_PORT })
  stops.push(samba.stop)
  const relay = await startKdcRelay({ address, kdcAddress: address, kdcPort: KDC_PORT })
  stops.push(relay.close)
  const counter = await startCounter(address, relay)
  stops.push(() => closeServer(counter.server))

  const kdc = `${address}:${relay.port}`
  const writeKrb5Config: SambaKdc['writeKrb5Config'] = async (name, changes = {}) => {
    const path = join(directory, name)
    await writeFile(path, krb5Config({ realm: REALM, kdcs: [kdc], ...changes }))
    return path
  }
  return {
    realm: REALM,
    address,
    kdc,
    krb5Config: await writeKrb5Config('krb5.conf'),
    directory,
    keytabs: { proxy: join(place.directory, KEYTABS.proxy.file), devops: join(place.directory, KEYTABS.devops.file) },
    users: LAB_ACCOUNTS,
    relay,
    kdcCounter: counter.url,
    passwordOf(name) {
      const password = passwords.get(name)
      if (password === undefined) throw new Error(`the lab has no account ${name}`)
      return password
    },
    addAccounts: add,
    sambaTool: (...toolArgs) =>
      runCommand(...inPlace(place, '/usr/bin/samba-tool', [...toolArgs, `--configfile=${smbConf(place)}`])),
    writeKrb5Config,
    requests: relay.requests,
  }
}

async function startCounter(address: string, relay: KdcRelay): Promise<{ server: Server; url: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(relay.requests()))
  })
  server.listen({ host: address, port: 0 })
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the counter listens on no TCP port')
  return { server, url: `http://${address}:${bound.port}/` }
}
