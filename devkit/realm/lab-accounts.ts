/** The accounts every lab has, and the form in which a test asks for more. */

export type LabAccount = {
  /** sAMAccountName. */
  readonly name: string
  readonly password: string
  readonly disabled?: boolean
  /** `ada@other.example`; its suffix becomes one of the forest's (uPNSuffixes). */
  readonly userPrincipalName?: string
  /** "Account is sensitive and cannot be delegated" (MS-ADTS 2.2.16, ADS_UF_NOT_DELEGATED). */
  readonly sensitive?: boolean
  /** Names of existing groups. */
  readonly memberOf?: readonly string[]
  /** That many new groups with the account as member: each makes the account's PAC, and so its tokens, larger. */
  readonly groups?: number
  readonly servicePrincipals?: readonly string[]
  /** Delegation for any protocol: S4U2self gives forwardable evidence tickets (MS-SFU 3.2.5.1.2). */
  readonly protocolTransition?: boolean
  /** SPNs this account may reach for others by S4U2proxy (msDS-AllowedToDelegateTo). */
  readonly delegatesTo?: readonly string[]
  /**
   * Accounts that may reach this one for others, who are there already: resource-based delegation
   * (msDS-AllowedToActOnBehalfOfOtherIdentity). Not with Samba 4.17 as Debian 12 builds it.
   */
  readonly delegatedBy?: readonly string[]
}

export const REALM = 'CORP.TEST'
export const PROXY_NAME = 'proxy.corp.test'
export const ORIGIN_NAME = 'devops.corp.test'
export const PROXY_SPN = `HTTP/${PROXY_NAME}`
export const DEVOPS_SPN = `HTTP/${ORIGIN_NAME}`

const named = (name: string, rest: Omit<LabAccount, 'name' | 'password'> = {}) => ({
  name,
  password: `${name}-Passw0rd`,
  ...rest,
})

export const LAB_ACCOUNTS = {
  alice: named('alice'),
  bob: named('bob'),
  carol: named('carol'),
  admin1: named('admin1', { memberOf: ['Domain Admins'] }),
  disabled1: named('disabled1', { disabled: true }),
  sensitive1: named('sensitive1', { sensitive: true }),
  'svc-proxy': named('svc-proxy', {
    servicePrincipals: [PROXY_SPN],
    protocolTransition: true,
    delegatesTo: [DEVOPS_SPN],
  }),
  'svc-devops': named('svc-devops', { servicePrincipals: [DEVOPS_SPN] }),
} as const satisfies Record<string, LabAccount>

export type LabAccountName = keyof typeof LAB_ACCOUNTS

/** `u0001` ... : a crowd for leak and load tests. */
export function numberedAccounts(count: number): LabAccount[] {
  return Array.from({ length: count }, (_, index) => named(`u${String(index + 1).padStart(4, '0')}`))
}

/** `p00001` ... : accounts without a password, which only services can act for; many are made in little time. */
export const crowdNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `p${String(index + 1).padStart(5, '0')}`)
