import type { Report } from './diagnostic.ts'
import { parseKdc } from './kdc-address.ts'
import type { Config } from './schema.ts'

type Kerberos = NonNullable<Config['kerberos']>

/** Options that need the directory, without the section that says where it is; and what is wrong with that section. */
export function checkKerberos({ kerberos, upstream, credentials }: Config, report: Report): void {
  if (kerberos !== undefined) return checkDirectory(kerberos, report)
  const needs = 'needs the section kerberos'
  if (upstream.identity.kind === 'kerberos') report('upstream.identity.kind', needs)
  if (credentials.offer.includes('Negotiate')) report('credentials.offer', needs)
  credentials.offerRules.forEach(({ offer }, index) => {
    if (offer.includes('Negotiate')) report(`credentials.offerRules[${index}].offer`, needs)
  })
}

function checkDirectory(kerberos: Kerberos, report: Report): void {
  const { implementation, kdcs, krb5ConfigFile, trustedRealms } = kerberos
  if (implementation === 'gssapi')
    report(
      'kerberos.implementation',
      'gssapi is no longer supported, because Torhaus implements Kerberos itself. Remove the option and see docs/kerberos.md, "Upgrading from libgssapi"; `torhaus doctor` checks keytab, account and KDCs',
    )
  // An option that is not read would be believed to work.
  const isAsked = [kerberos, ...trustedRealms].some(realm => realm.kdcs.length === 0)
  if (krb5ConfigFile !== undefined && !isAsked)
    report('kerberos.krb5ConfigFile', 'has no effect, because kdcs already names the KDCs of every realm. Remove it')
  checkKdcs('kerberos.kdcs', kdcs, report)
  checkUpnSuffixes(kerberos, report)
  checkTrustedRealms(kerberos, report)
}

/** Of realms whose name their KDCs may write otherwise; of our own the keytab shows it. */
export function kerberosWarnings({ kerberos }: Pick<Config, 'kerberos'>): string[] {
  const trusted = kerberos?.trustedRealms ?? []
  return trusted.flatMap(({ realm }, index) =>
    realm === realm.toUpperCase()
      ? []
      : `kerberos.trustedRealms[${index}].realm: ${realm} is not in upper case, as Active Directory writes realms; case matters, so people from ${realm.toUpperCase()} are refused`,
  )
}

/** Options of earlier versions that change nothing. */
export function formerKerberosOptions({ kerberos }: Pick<Config, 'kerberos'>): string[] {
  return [
    ...(kerberos?.implementation === undefined ? [] : ['kerberos.implementation: has no effect any more; remove it']),
    ...(kerberos?.maxKdcCalls === undefined
      ? []
      : ['kerberos.maxKdcCalls: has no effect any more (it was for libgssapi); remove it']),
  ]
}

function checkKdcs(path: string, kdcs: readonly string[], report: Report): void {
  kdcs.forEach((kdc, index) => {
    if (parseKdc(kdc) === undefined)
      report(`${path}[${index}]`, 'must be a host name or an IP address, with or without :port')
  })
}

/** `name@realm` is the account of that name; as a UPN it could be another person's. */
function checkUpnSuffixes({ realm, upnSuffixes }: Kerberos, report: Report): void {
  upnSuffixes.forEach((suffix, index) => {
    if (suffix.toLowerCase() === realm.toLowerCase())
      report(
        `kerberos.upnSuffixes[${index}]`,
        'must not be the realm: NAME@REALM is the account NAME (sAMAccountName). If UPNs differ from that, use a claim with the account name in account.template',
      )
  })
}

/** One name for two realms would make two people one. */
function checkTrustedRealms({ realm, netbiosDomain, upnSuffixes, trustedRealms }: Kerberos, report: Report): void {
  const taken = new Set([realm, netbiosDomain ?? '', ...upnSuffixes].map(name => name.toLowerCase()))
  trustedRealms.forEach((trusted, index) => {
    const path = `kerberos.trustedRealms[${index}]`
    checkKdcs(`${path}.kdcs`, trusted.kdcs, report)
    const names = [
      ['realm', trusted.realm],
      ['netbiosDomain', trusted.netbiosDomain],
    ] as const
    for (const [option, name] of names) {
      if (name === undefined) continue
      if (taken.has(name.toLowerCase()))
        report(`${path}.${option}`, 'is already the name of another realm, domain or suffix')
    }
    for (const [, name] of names) taken.add((name ?? '').toLowerCase())
  })
}
