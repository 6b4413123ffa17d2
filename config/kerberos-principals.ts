/** Whom Torhaus is in the realm, as the configuration names it. */
import type { Config } from './schema.ts'

export interface KerberosPrincipals {
  /** `HTTP/proxy.corp.test@CORP.TEST`. */
  readonly accept: string
  /** Further ones; `HTTP/*@CORP.TEST`: all of the keytab. */
  readonly aliases: readonly string[]
  /** `svc-proxy@CORP.TEST`. */
  readonly service: string
}

export const inRealm = (name: string, realm: string): string => (name.includes('@') ? name : `${name}@${realm}`)

/** `publicHost`: of `publicUrl`. */
export function kerberosPrincipals(
  {
    realm,
    acceptPrincipal,
    acceptAliases = [],
    servicePrincipal,
  }: Pick<NonNullable<Config['kerberos']>, 'realm' | 'acceptPrincipal' | 'acceptAliases' | 'servicePrincipal'>,
  publicHost: string,
): KerberosPrincipals {
  return {
    accept: inRealm(acceptPrincipal ?? `HTTP/${publicHost}`, realm),
    aliases: acceptAliases.map(name => inRealm(name, realm)),
    service: inRealm(servicePrincipal, realm),
  }
}
