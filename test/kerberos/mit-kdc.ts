/** A second, foreign KDC: MIT krb5kdc, whose keys nobody else has. It plays the impostor and the other realm. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freeLoopbackAddress } from '../../devkit/realm/free-loopback-address.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { startServerProcess } from '../../devkit/realm/server-process.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'
import { type KdcDatabase, LDAP_PACKAGES, startLdapDatabase } from './mit-ldap.ts'

const port = 10088

export type MitKdc = {
  /** `address:port`. */
  readonly kdc: string
  readonly krb5Config: string
  /** Every service principal's key. */
  readonly keytab: string
  /** Runs one query of kadmin.local. */
  kadmin(query: string): Promise<string>
  /** With `ldap`: lets an account pass tickets on to a service. */
  allowDelegation(account: string, service: string): Promise<void>
  /** A second KDC of the realm, on the same database; ends with `close`. */
  second(): Promise<{ readonly kdc: string; stop(): Promise<void> }>
  close(): Promise<void>
}

/**
 * @param services get random keys, in the keytab
 * @param indicator what tickets say of who signs in by SPAKE, as kinit does with a password: a second factor is played
 */
export async function startMitKdc(options: {
  readonly realm: string
  readonly users: Readonly<Record<string, string>>
  readonly services: readonly string[]
  readonly indicator?: string
  /** Domains whose services another realm has: the KDC refers to it. */
  readonly domains?: Readonly<Record<string, string>>
  /** OpenLDAP as its database: with constrained delegation. */
  readonly ldap?: boolean
}): Promise<MitKdc> {
  const packages = ['krb5-kdc', 'krb5-admin-server', 'krb5-user', ...(options.ldap === true ? LDAP_PACKAGES : [])]
  await ensureDebianPackages(packages)
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-mit-kdc-'))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(directory, { recursive: true, force: true }))
  const address = await freeLoopbackAddress([port])
  const krb5Config = join(directory, 'krb5.conf')
  const profile = join(directory, 'kdc.conf')
  const keytab = join(directory, 'services.keytab')
  await writeFile(krb5Config, clientConfig(options, address))
  const database = options.ldap === true ? await startLdapDatabase(directory) : undefined
  if (database !== undefined) undo.defer(database.stop)
  await writeFile(profile, kdcConfig(options, address, directory, database))
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, KRB5_CONFIG: krb5Config, KRB5_KDC_PROFILE: profile }
  const kadmin = (query: string) => runCommand('kadmin.local', ['-r', options.realm, '-q', query], { env })
  if (database === undefined)
    await runCommand('kdb5_util', ['create', '-s', '-P', 'lab-master', '-r', options.realm], { env })
  else await database.create(options.realm, env)
  for (const [user, password] of Object.entries(options.users)) {
    await kadmin(`addprinc -pw ${password} +requires_preauth ${user}`)
  }
  for (const service of options.services) {
    await kadmin(`addprinc -randkey ${service}`)
    await kadmin(`ktadd -k ${keytab} ${service}`)
  }
  const server = await startServerProcess('krb5kdc', ['-n', '-r', options.realm], { address, port, env })
  undo.defer(server.stop)
  const second = async () => {
    const other = await freeLoopbackAddress([port])
    const ownProfile = join(directory, 'second.conf')
    await writeFile(ownProfile, kdcConfig(options, other, directory, database))
    const place = { address: other, port, env: { ...env, KRB5_KDC_PROFILE: ownProfile } }
    const { stop } = await startServerProcess('krb5kdc', ['-n', '-r', options.realm], place)
    kept.defer(stop)
    return { kdc: `${other}:${port}`, stop }
  }
  const allowDelegation = async (account: string, service: string) => {
    if (database === undefined) throw new Error('constrained delegation needs the database in LDAP')
    await database.allowDelegation(options.realm, account, service)
  }
  const kept = undo.move()
  const close = () => kept.disposeAsync()
  return { kdc: `${address}:${port}`, krb5Config, keytab, kadmin, allowDelegation, second, close }
}

type Described = {
  readonly realm: string
  readonly indicator?: string
  readonly domains?: Readonly<Record<string, string>>
}

const clientConfig = ({ realm, indicator, domains = {} }: Described, address: string): string => `[libdefaults]
  default_realm = ${realm}
  dns_lookup_kdc = false
  udp_preference_limit = 1
  ${indicator === undefined ? '' : 'spake_preauth_groups = edwards25519'}
[realms]
  ${realm} = {
    kdc = ${address}:${port}
  }
[domain_realm]
${Object.entries(domains)
  .map(pair => `  ${pair.join(' = ')}\n`)
  .join('')}`

const kdcConfig = (
  { realm, indicator }: Described,
  address: string,
  directory: string,
  database: KdcDatabase | undefined,
): string => `[realms]
  ${realm} = {
    ${database === undefined ? `database_name = ${directory}/principal` : database.ofRealm}
    key_stash_file = ${directory}/stash
    kdc_listen = ${address}:${port}
    kdc_tcp_listen = ${address}:${port}
    ${indicator === undefined ? '' : `spake_preauth_indicator = ${indicator}`}
  }
${database?.sections ?? ''}[logging]
  kdc = FILE:${directory}/kdc.log
`
