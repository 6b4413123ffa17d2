/** A KDC of Heimdal, with the accounts of the lab and keys for their services. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freeLoopbackAddress } from '../../devkit/realm/free-loopback-address.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { startServerProcess } from '../../devkit/realm/server-process.ts'

const PORT = 10088
const REALM = 'CORP.TEST'

export type HeimdalKdc = {
  /** `address:port`. */
  readonly kdc: string
  readonly directory: string
  readonly krb5Config: string
  /** Every service's keys. */
  readonly keytab: string
  kadmin(...args: readonly string[]): Promise<string>
  /** Signs in by Heimdal's kinit; answers the cache. */
  kinit(user: string, password: string): Promise<string>
  close(): Promise<void>
}

/** `programs`: the folder of `heimdalPrograms`. */
export async function startHeimdalKdc(options: {
  readonly programs: string
  readonly users: Readonly<Record<string, string>>
  readonly services: readonly string[]
}): Promise<HeimdalKdc> {
  await using undo = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'torhaus-heimdal-'))
  undo.defer(() => rm(directory, { recursive: true, force: true }))
  const address = await freeLoopbackAddress([PORT])
  const [krb5Config, keytab] = [join(directory, 'krb5.conf'), join(directory, 'services.keytab')]
  await writeFile(krb5Config, configuration(directory, address))
  const env = {
    PATH: process.env.PATH,
    LD_LIBRARY_PATH: join(options.programs, 'usr/lib/x86_64-linux-gnu'),
    KRB5_CONFIG: krb5Config,
  }
  const run = (program: string, args: readonly string[], input?: string) =>
    runCommand(join(options.programs, 'usr', program), args, { env, ...(input === undefined ? {} : { input }) })
  const kadmin = (...args: readonly string[]) => run('bin/kadmin.heimdal', ['--local', `--realm=${REALM}`, ...args])
  await run('sbin/kstash', ['--random-key', `--key-file=${directory}/m-key`])
  await kadmin('init', '--realm-max-ticket-life=unlimited', '--realm-max-renewable-life=unlimited', REALM)
  for (const [user, password] of Object.entries(options.users))
    await kadmin('add', `--password=${password}`, '--use-defaults', '--attributes=requires-pre-auth', user)
  for (const service of options.services) {
    await kadmin('add', '--random-key', '--use-defaults', service)
    await kadmin('ext_keytab', `--keytab=FILE:${keytab}`, service)
  }
  const kdc = join(options.programs, 'usr/lib/heimdal-servers/kdc')
  const server = await startServerProcess(kdc, [`--config-file=${krb5Config}`], { address, port: PORT, env })
  undo.defer(() => server.stop())
  const kept = undo.move()
  return {
    ...{ kdc: `${address}:${PORT}`, directory, krb5Config, keytab, kadmin },
    async kinit(user, password) {
      const cache = `FILE:${directory}/${user}.ccache`
      await run('bin/kinit.heimdal', [`--cache=${cache}`, '--password-file=STDIN', `${user}@${REALM}`], `${password}\n`)
      return cache
    },
    close: () => kept.disposeAsync(),
  }
}

const configuration = (directory: string, address: string): string => `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${REALM} = {
    kdc = ${address}:${PORT}
  }
[domain_realm]
  .corp.test = ${REALM}
[kdc]
  database = {
    dbname = ${directory}/heimdal
    realm = ${REALM}
    mkey_file = ${directory}/m-key
    log_file = ${directory}/log
  }
  addresses = ${address}
  ports = ${PORT}
[logging]
  kdc = FILE:${directory}/kdc.log
`
