/** OpenLDAP as the database of MIT's KDC (kdb5_ldap_util(8)): only there does it know who may delegate to whom. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { freeLoopbackAddress } from '../../devkit/realm/free-loopback-address.ts'
import { runCommand } from '../../devkit/realm/run-command.ts'
import { startServerProcess } from '../../devkit/realm/server-process.ts'

const port = 10389
const BASE = 'dc=lab,dc=test'
const ADMIN = `cn=admin,${BASE}`
const PASSWORD = 'lab-directory'
const CONTAINER = `cn=kerberos,${BASE}`

export const LDAP_PACKAGES = ['krb5-kdc-ldap', 'slapd', 'ldap-utils']

export type KdcDatabase = {
  /** For kdc.conf: of the realm, and below it. */
  readonly ofRealm: string
  readonly sections: string
  /** Creates the realm. */
  create(realm: string, env: NodeJS.ProcessEnv): Promise<void>
  /** Lets an account pass tickets on to a service (krbAllowedToDelegateTo). */
  allowDelegation(realm: string, account: string, service: string): Promise<void>
  stop(): Promise<void>
}

export async function startLdapDatabase(directory: string): Promise<KdcDatabase> {
  const address = await freeLoopbackAddress([port])
  const url = `ldap://${address}:${port}`
  const place = (name: string) => join(directory, name)
  const schema = await readFile('/usr/share/doc/krb5-kdc-ldap/kerberos.schema.gz')
  await mkdir(place('ldap'))
  await writeFile(place('kerberos.schema'), gunzipSync(schema))
  await writeFile(
    place('slapd.conf'),
    `include /etc/ldap/schema/core.schema
include ${place('kerberos.schema')}
pidfile ${place('slapd.pid')}
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "${BASE}"
rootdn "${ADMIN}"
rootpw ${PASSWORD}
directory ${place('ldap')}
index objectClass,krbPrincipalName eq
`,
  )
  // As `kdb5_ldap_util stashsrvpw` writes it, which asks for the password at a terminal.
  await writeFile(place('ldap.stash'), `${ADMIN}#{HEX}${Buffer.from(PASSWORD).toString('hex')}\n`, { mode: 0o600 })
  const args = ['-f', place('slapd.conf'), '-h', url, '-d', '0']
  const slapd = await startServerProcess('/usr/sbin/slapd', args, { address, port })
  const modify = (tool: string, input: string) =>
    runCommand(tool, ['-x', '-H', url, '-D', ADMIN, '-w', PASSWORD], { input })
  await modify('ldapadd', `dn: ${BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: lab\no: lab\n`)
  return {
    ofRealm: 'database_module = directory',
    sections: `[dbmodules]
  directory = {
    db_library = kldap
    ldap_kerberos_container_dn = ${CONTAINER}
    ldap_kdc_dn = ${ADMIN}
    ldap_kadmind_dn = ${ADMIN}
    ldap_service_password_file = ${place('ldap.stash')}
    ldap_servers = ${url}
  }
`,
    async create(realm, env) {
      const bind = ['-D', ADMIN, '-w', PASSWORD, '-H', url]
      await runCommand('kdb5_ldap_util', [...bind, 'create', '-s', '-P', 'lab-master', '-r', realm], { env })
    },
    async allowDelegation(realm, account, service) {
      const dn = `krbPrincipalName=${account}@${realm},cn=${realm},${CONTAINER}`
      const change = `add: krbAllowedToDelegateTo\nkrbAllowedToDelegateTo: ${service}@${realm}\n`
      await modify('ldapmodify', `dn: ${dn}\nchangetype: modify\n${change}`)
    },
    stop: slapd.stop,
  }
}
