/** The account that a certificate of a client names. */
import type { X509Certificate } from 'node:crypto'
import type { ClientCertificateSettings } from '../../config/client-certificates.ts'
import { linearPattern } from '../../config/linear-pattern.ts'
import type { Config } from '../../config/schema.ts'
import { inLetterCase } from '../ascii-case.ts'
import { isStable } from './stable-account.ts'

export type CertificateAccount = (certificate: X509Certificate) => string | undefined

type Source = ClientCertificateSettings['accountFrom'][number]

/**
 * Undefined where it names none, or two: nobody could say which one it is for. The certificate must have been judged:
 * only an authority that is trusted may say such a thing.
 */
export function certificateAccount(
  { accountFrom, accountPattern }: Pick<ClientCertificateSettings, 'accountFrom' | 'accountPattern'>,
  letterCase: Config['account']['case'],
): CertificateAccount {
  const whole = linearPattern(accountPattern, { matches: 'whole' })
  return certificate => {
    const names = accountFrom.map(source => new Set(NAMES[source](certificate))).find(({ size }) => size > 0)
    const [name, ...others] = names ?? []
    const groups = name === undefined || others.length > 0 ? undefined : whole.groups(name)
    if (name === undefined || groups === undefined) return undefined
    const account = groups.account ?? name
    return isStable(account) ? inLetterCase(account, letterCase) : undefined
  }
}

const NAMES: Readonly<Record<Source, (certificate: X509Certificate) => readonly string[]>> = {
  // 1.3.6.1.4.1.311.20.2.3, a UTF8String.
  upn: certificate =>
    alternativeNames(certificate, 'othername').flatMap(name => (name.startsWith(UPN) ? name.slice(UPN.length) : [])),
  mail: certificate => alternativeNames(certificate, 'email'),
  'common-name': certificate => [certificate.toLegacyObject().subject.CN ?? []].flat(),
}

const UPN = 'UPN:'

/** `type:value, type:"value"`: Node writes what has a comma, a quotation mark or the like as a string of JSON. */
const ALTERNATIVE_NAME = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)(?=, |$)/g

function alternativeNames({ subjectAltName = '' }: X509Certificate, wanted: string): string[] {
  return [...subjectAltName.matchAll(ALTERNATIVE_NAME)].flatMap(([, type, value = '']) =>
    type === wanted ? [value.startsWith('"') ? String(JSON.parse(value)) : value] : [],
  )
}
