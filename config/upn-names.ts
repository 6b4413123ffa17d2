/** User principal names where only names of accounts mean somebody. */

import type { Report } from './diagnostic.ts'
import { readGroupsFile } from './groups-file.ts'
import { linearPattern, patternProblem } from './linear-pattern.ts'
import type { Config } from './schema.ts'

const REMEDY = 'write the account name (sAMAccountName), such as bob or CORP\\bob'

/**
 * Whoever comes by a UPN of `kerberos.upnSuffixes` has the name of the account from then on. So a rule, or a file of
 * groups, that names people by it would fit nobody, and nobody would notice.
 */
export function checkUpnNames({ kerberos, secondFactor, groups }: Config, report: Report): void {
  if (kerberos === undefined || kerberos.upnSuffixes.length === 0) return
  const { upnSuffixes } = kerberos
  secondFactor.rules.forEach(({ when: { account = '' } }, index) => {
    const suffix = upnSuffixes.find(known => means(account, known) || fitsUpnsAlone(account, known, kerberos))
    if (suffix === undefined) return
    const path = `secondFactor.rules[${index}].when.account`
    report(path, `names people by UPN (@${suffix}), but Torhaus uses their account names: ${REMEDY}`)
  })
  for (const [group, accounts] of groupsIn(groups.file))
    for (const account of accounts)
      if (upnSuffixes.some(suffix => isUpnOf(account, suffix)))
        report('groups.file', `has the UPN ${account} in ${group}, but Torhaus uses account names: ${REMEDY}`)
}

/** What is wrong with the file itself, says who reads it first. */
function groupsIn(file: string | undefined): ReturnType<typeof readGroupsFile> {
  try {
    return file === undefined ? new Map() : readGroupsFile(file)
  } catch {
    return new Map()
  }
}

export function isUpnOf(name: string, suffix: string): boolean {
  const at = name.lastIndexOf('@')
  return at > 0 && !name.includes('\\') && name.slice(at + 1).toLowerCase() === suffix.toLowerCase()
}

/**
 * Whether a pattern, however it is written, fits UPNs of the suffix and not the accounts of the same name: tried with each
 * word that stands in it, and with one that stands for any.
 */
function fitsUpnsAlone(source: string, suffix: string, kerberos: NonNullable<Config['kerberos']>) {
  // What is wrong with it otherwise, another check says.
  if (patternProblem(source) !== undefined) return false
  const pattern = linearPattern(source, { matches: 'whole', ignoresCase: true })
  const domains = [kerberos, ...kerberos.trustedRealms]
    .flatMap(({ realm, netbiosDomain }) => [realm, netbiosDomain])
    .filter(name => name !== undefined)
  const spellings = (name: string) => [name, ...domains.flatMap(domain => [`${domain}\\${name}`, `${name}@${domain}`])]
  const words = source.match(/[\p{L}\p{N}_-]+/gu) ?? []
  return ['a', ...words].some(
    name => pattern.test(`${name}@${suffix}`) && !spellings(name).some(text => pattern.test(text)),
  )
}

/** A pattern in which the suffix stands where a realm would: behind an @, or among alternatives. */
const means = (pattern: string, suffix: string): boolean =>
  new RegExp(`[@(|:]${RegExp.escape(suffix)}(?![\\w-]|\\.\\w)`, 'i').test(pattern.replaceAll('\\', ''))
