/** A second, foreign KDC: MIT krb5kdc, whose keys nobody else has. It plays the impostor and the other realm. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freeLoopbackAddress } from '../../devkit/realm/free-loopback-address.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { startServerProcess } from '../../devkit/realm/server-process.ts'
import { ensureDebianPackages } from '../../devkit/torhaus/debian-packages.ts'

const port = 10088

export type MitKdc = {
  /** `address:port`. */
  readonly kdc: string
  readonly krb5Config: string
  /** Every service principal's key. */
  readonly keytab: string
  /** Runs one query of kadmin.local. */
  kadmin(query: string): Promise<string>
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
}): Promise<MitKdc> {
  await ensureDebianPackages(['krb5-kdc', 'krb5-admin-server', 'krb5-user'])
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-mit-kdc-'))
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const address = await freeLoopbackAddress([port])
    const krb5Config = join(directory, 'krb5.conf')
    const profile = join(directory, 'kdc.conf')
    const keytab = join(directory, 'services.keytab')
    await writeFile(krb5Config, clientConfig(options, address))
    await writeFile(profile, kdcConfig(options, address, directory))
    const env = { PATH: `${process.env.PATH}:/usr/sbin`, KRB5_CONFIG: krb5Config, KRB5_KDC_PROFILE: profile }
    const kadmin = (query: string) => runCommand('kadmin.local', ['-r', options.realm, '-q', query], { env })
    await runCommand('kdb5_util', ['create', '-s', '-P', 'lab-master', '-r', options.realm], { env })
    for (const [user, password] of Object.entries(options.users)) {
      await kadmin(`addprinc -pw ${password} +requires_preauth ${user}`)
    }
    for (const service of options.services) {
      await kadmin(`addprinc -randkey ${service}`)
      await kadmin(`ktadd -k ${keytab} ${service}`)
    }
    const server = await startServerProcess('krb5kdc', ['-n', '-r', options.realm], { address, port, env })
    const close = async () => {
      await server.stop()
      await remove()
    }
    return { kdc: `${address}:${port}`, krb5Config, keytab, kadmin, close }
  } catch (error) {
    await remove()
    throw error
  }
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

const kdcConfig = ({ realm, indicator }: Described, address: string, directory: string): string => `[realms]
  ${realm} = {
    database_name = ${directory}/principal
    key_stash_file = ${directory}/stash
    kdc_listen = ${address}:${port}
    kdc_tcp_listen = ${address}:${port}
    ${indicator === undefined ? '' : `spake_preauth_indicator = ${indicator}`}
  }
[logging]
  kdc = FILE:${directory}/kdc.log
`
