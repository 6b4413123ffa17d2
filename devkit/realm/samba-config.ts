/** Samba as nothing but a KDC, inside one folder, on one loopback address. */
import { join } from 'node:path'

export const KDC_PORT = 10088
export const KPASSWD_PORT = 10464

/** Folders the configuration names, below the lab's Samba folder. */
export const SAMBA_FOLDERS = [
  'private',
  'state',
  'cache',
  'lock',
  'run',
  'ncalrpc',
  'bind',
  'ntp',
  'winbindd',
  'log',
  'sysvol',
]

/**
 * The text of smb.conf. Every path is inside `directory`, so nothing of the system's own Samba is read or written;
 * databases refer to each other by relative names, so a copy works elsewhere under a new smb.conf.
 */
export function sambaConfig(options: { readonly directory: string; readonly address: string }): string {
  const path = (name: string) => join(options.directory, name)
  return `[global]
  realm = CORP.TEST
  workgroup = CORP
  netbios name = DC1
  server role = active directory domain controller
  server services = kdc
  dcerpc endpoint servers = none
  krb5 port = ${KDC_PORT}
  kpasswd port = ${KPASSWD_PORT}
  interfaces = ${options.address}/8
  bind interfaces only = yes
  kerberos encryption types = strong
  posix:eadb = ${path('eadb.tdb')}
  vfs objects = dfs_samba4 acl_xattr xattr_tdb
  private dir = ${path('private')}
  state directory = ${path('state')}
  cache directory = ${path('cache')}
  lock directory = ${path('lock')}
  pid directory = ${path('run')}
  ncalrpc dir = ${path('ncalrpc')}
  binddns dir = ${path('bind')}
  ntp signd socket directory = ${path('ntp')}
  winbindd socket directory = ${path('winbindd')}
  log file = ${path('log/samba.log')}
  log level = 1 kerberos:3
[sysvol]
  path = ${path('sysvol')}
  read only = no
[netlogon]
  path = ${path('sysvol')}
  read only = no
`
}
