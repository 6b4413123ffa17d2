import type { Report } from './diagnostic.ts'
import type { Config } from './schema.ts'

/** A security identifier as text (MS-DTYP 2.4.2.1). */
const SID = /^S-1-\d{1,15}(-\d{1,10}){1,15}$/

export const isSid = (text: string): boolean => SID.test(text)

/** SIDs that say nothing of two factors, and why. */
const PROVES_NOTHING: readonly (readonly [sid: RegExp, why: string])[] = [
  [/^S-1-18-1$/, 'every sign-in at a KDC has it, even with a password'],
  [/^S-1-18-2$/, 'a service asserted the identity, and the person has proven nothing'],
  [/^S-1-18-[34]$/, 'it shows that a key was used, but not that the key is protected; S-1-18-5 shows that'],
  [/^S-1-18-6$/, 'it shows where the key is, but not that anything else protects it; S-1-18-5 shows that'],
  [/^S-1-5-21-0-0-0-49[67]$/, 'it shows that the ticket has device or user claims, not how anyone signed in'],
  [/^S-1-5-21-\d+-\d+-\d+-51[345]$/, 'every account of the domain is in that group'],
  [/^S-1-(1-0|2-0|5-2|5-11|5-15)$/, 'everyone is in that group'],
]

/** What tickets are asked about: SIDs wherever groups are named, and what proves two factors. */
export function askedOfTickets({ groups, secondFactor }: Pick<Config, 'groups' | 'secondFactor'>) {
  const { acceptTicket, rules } = secondFactor
  const named = [...groups.require, ...rules.flatMap(({ when }) => when.groups)]
  return {
    sids: new Set([...acceptTicket.sids, ...named.filter(isSid)]),
    indicators: new Set(acceptTicket.indicators),
  }
}

/** What would let everybody pass, or nobody. */
export function checkAcceptedTickets({ secondFactor, kerberos }: Config, report: Report): void {
  const { sids, indicators } = secondFactor.acceptTicket
  const path = 'secondFactor.acceptTicket'
  if (sids.length + indicators.length === 0) {
    // An option that changes nothing would be believed to work.
    kerberos?.trustedRealms.forEach(({ acceptTicket }, index) => {
      if (acceptTicket)
        report(
          `kerberos.trustedRealms[${index}].acceptTicket`,
          `needs ${path}: without it, no ticket proves two factors`,
        )
    })
    return
  }
  if (kerberos === undefined) report(path, 'needs the section kerberos')
  sids.forEach((sid, index) => {
    const option = `${path}.sids[${index}]`
    const [, why] = PROVES_NOTHING.find(([pattern]) => pattern.test(sid)) ?? []
    if (!isSid(sid)) report(option, 'must be a SID, such as S-1-5-21-1004336348-1177238915-682003330-1601')
    else if (why !== undefined) report(option, `does not prove a second factor: ${why}`)
  })
}
