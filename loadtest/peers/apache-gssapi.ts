/**
 * Apache with mod_auth_gssapi in front of mod_proxy: Negotiate in, the principal out in a field. It cannot do more:
 * with GssapiUseS4U2Proxy or GssapiImpersonate the module leaves a delegated credential in a file for programs that run
 * inside Apache, and mod_proxy makes no Negotiate token from it.
 */
import { execFileSync } from 'node:child_process'
import { chmod, copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PROXY_NAME } from '../../devkit/realm/lab-accounts.ts'
import { freePort } from '../../devkit/torhaus/free-port.ts'
import type { SubjectStarter } from '../subject.ts'
import { startApache } from './apache-server.ts'

export const apacheGssapi: SubjectStarter = async surroundings => {
  const { directory, realm } = surroundings
  if (realm === undefined) throw new Error('apache-gssapi needs a realm')
  const port = await freePort()
  const files = join(directory, 'apache-gssapi-files')
  const [keytab, krb5Config] = [join(files, 'proxy.keytab'), join(files, 'krb5.conf')]
  await mkdir(files, { mode: 0o700 })
  await copyFile(realm.kdc.keytabs.proxy, keytab)
  await copyFile(realm.kdc.krb5Config, krb5Config)
  await chmod(keytab, 0o600)
  // Its workers read the keytab and write the replay cache.
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'www-data:www-data', files])
  const server = await startApache({
    ...{ surroundings, name: 'apache-gssapi', port },
    modules: ['auth_gssapi', 'headers'],
    directives: '',
    location: `AuthType GSSAPI
AuthName "${PROXY_NAME}"
GssapiCredStore keytab:${keytab}
GssapiAcceptorName HTTP@${PROXY_NAME}
GssapiAllowedMech krb5
GssapiConnectionBound Off
Require valid-user
RequestHeader unset Authorization
RequestHeader set X-Remote-User "expr=%{REMOTE_USER}"`,
    environment: { KRB5_CONFIG: krb5Config, KRB5RCACHEDIR: files },
  })
  return { name: 'apache-gssapi', port, server, checksTickets: true }
}
