/** Who asks, as the options of `torhaus explain` say it; and which of them go together. */
import { Secret } from '../../config/secret.ts'
import type { AccountKeyOf } from '../account-key.ts'
import type { Credentials, Principal } from '../exchange.ts'
import { type GivenArguments, usageError } from './command.ts'

const SCHEMES: Readonly<Record<string, Credentials>> = {
  none: { scheme: 'none' },
  session: { scheme: 'session', id: '' },
  bearer: { scheme: 'bearer', token: '', via: 'Bearer' },
  pat: { scheme: 'pat', fingerprints: [], token: new Secret('') },
  'server-token': { scheme: 'server-token' },
  basic: { scheme: 'basic', username: '', password: new Secret('') },
  negotiate: { scheme: 'negotiate', token: '' },
  certificate: { scheme: 'none' },
}

export const schemeNames = Object.keys(SCHEMES)

/** With these the OP or a ticket says which groups somebody is in. */
const WITH_GROUPS = ['session', 'bearer', 'basic', 'negotiate']

interface Explained {
  readonly credentials: Credentials
  readonly principal: Principal
}

/** Throws a usage error where an option would have no effect. */
export function explainedPrincipal({ values, repeated }: GivenArguments, accountKey: AccountKeyOf): Explained {
  const { account } = values
  const groups = repeated.group ?? []
  // Most people who are known by name have signed in with a browser.
  const scheme = values.scheme ?? (account === undefined && groups.length === 0 ? 'none' : 'session')
  const credentials = SCHEMES[scheme]
  if (credentials === undefined) throw usageError(`${scheme} is not a scheme; choose from: ${schemeNames.join(', ')}`)
  if (scheme === 'none' && account !== undefined)
    throw usageError(`--account has no effect with --scheme none, which identifies nobody: omit one of the two`)
  if (groups.length > 0 && !WITH_GROUPS.includes(scheme))
    throw usageError(
      `--group has no effect with --scheme ${scheme}, for which neither the OP nor a ticket names groups: omit it, or use --scheme ${WITH_GROUPS.join(', ')}`,
    )
  if (groups.length > 0 && account === undefined)
    throw usageError('--group has no effect without a person: add --account ACCOUNT')
  if (scheme === 'certificate') return { credentials, principal: principalByCertificate(account) }
  return { credentials, principal: principalOf(credentials, account, groups, accountKey) }
}

function principalOf(
  { scheme }: Credentials,
  account: string | undefined,
  groups: readonly string[],
  accountKey: AccountKeyOf,
): Principal {
  if (scheme === 'none') return { kind: 'anonymous', because: 'credentials-missing' }
  if (scheme === 'pat' || scheme === 'server-token')
    return account === undefined
      ? { kind: 'server-checked' }
      : { kind: 'server-checked', owner: { account, accountKey: accountKey(account) } }
  const evidence = { acr: undefined, acrs: [], amr: [], authTime: undefined }
  const person = { kind: 'person', subject: '', account } as const
  if (scheme === 'negotiate') return { ...person, evidence: { ...evidence, firstFactor: scheme }, groups }
  if (scheme !== 'basic') return { ...person, evidence, groups }
  // A password names none; a session that comes along may.
  return { ...person, evidence: { ...evidence, firstFactor: scheme }, ...(groups.length > 0 ? { groups } : {}) }
}

/** Of listener.tls.clientCertificates, where it is a first factor. */
function principalByCertificate(account: string | undefined): Principal {
  const evidence = { acr: undefined, acrs: [], amr: [], authTime: undefined, firstFactor: 'certificate' } as const
  return { kind: 'person', subject: '', account, evidence }
}
