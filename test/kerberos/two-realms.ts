/** Two realms of MIT KDCs that trust each other, and a krb5.conf that knows both. */
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type MitKdc, startMitKdc } from './mit-kdc.ts'

export const HOME = 'CORP.TEST'
export const PARTNER = 'PARTNER.TEST'

export type TwoRealms = {
  readonly home: MitKdc
  readonly partner: MitKdc
  /** For programs of MIT. */
  readonly krb5Config: string
  close(): Promise<void>
}

export async function startTwoRealms(options: {
  readonly services: readonly string[]
  readonly users: Readonly<Record<string, string>>
  readonly partnerUsers: Readonly<Record<string, string>>
  readonly ldap?: boolean
}): Promise<TwoRealms> {
  await using undo = new AsyncDisposableStack()
  const home = await startMitKdc({
    realm: HOME,
    users: options.users,
    services: options.services,
    ldap: options.ldap ?? false,
  })
  undo.defer(home.close)
  const partner = await startMitKdc({
    realm: PARTNER,
    users: options.partnerUsers,
    services: [],
    domains: { '.corp.test': HOME },
  })
  undo.defer(partner.close)
  for (const { kadmin } of [home, partner]) {
    for (const [to, from] of [
      [HOME, PARTNER],
      [PARTNER, HOME],
    ] as const)
      await kadmin(`addprinc -pw between-${to}-${from} krbtgt/${to}@${from}`)
  }
  const krb5Config = join(dirname(home.krb5Config), 'both.conf')
  const realms = [
    [HOME, home],
    [PARTNER, partner],
  ] as const
  await writeFile(
    krb5Config,
    `[libdefaults]
  default_realm = ${HOME}
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
[realms]
${realms.map(([realm, { kdc }]) => `  ${realm} = {\n    kdc = ${kdc}\n  }\n`).join('')}[domain_realm]
  .corp.test = ${HOME}
`,
  )
  const kept = undo.move()
  return { home, partner, krb5Config, close: () => kept.disposeAsync() }
}
