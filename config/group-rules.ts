import type { Report } from './diagnostic.ts'
import { providersOf } from './providers.ts'
import type { Config } from './schema.ts'
import { isSid } from './ticket-rules.ts'

/** Whether anything asks for groups. */
export const asksForGroups = ({ groups, secondFactor }: Pick<Config, 'groups' | 'secondFactor'>): boolean =>
  groups.require.length > 0 || secondFactor.rules.some(({ when }) => when.groups.length > 0)

/** A rule for a group that nobody is ever in would be believed to work. */
export function checkGroups(config: Config, report: Report): void {
  const isNamed = providersOf(config).some(
    ({ settings }) => settings.idToken.groups.length + settings.accessToken.groups.length > 0,
  )
  if (isNamed || config.groups.file !== undefined) return
  // Tickets name groups, too, as SIDs; whoever comes by a ticket alone is in these.
  const readsTickets = config.kerberos !== undefined
  const isKnown = (group: string) => readsTickets && isSid(group)
  const what =
    'needs groups.file, or idToken.groups of a provider: otherwise nobody is in any group, except in groups named by SID through Kerberos tickets'
  if (!config.groups.require.every(isKnown)) report('groups.require', what)
  config.secondFactor.rules.forEach(({ when }, index) => {
    if (!when.groups.every(isKnown)) report(`secondFactor.rules[${index}].when.groups`, what)
  })
}

/** Rules that fit more people than they name. */
export function groupWarnings({
  groups,
  secondFactor,
  credentials,
  kerberos,
  listener,
}: Pick<Config, 'credentials' | 'groups' | 'kerberos' | 'listener' | 'secondFactor'>): string[] {
  const unasked = [
    ...(credentials.personalAccessTokens.length > 0 ? ['personal access tokens'] : []),
    ...(kerberos === undefined ? [] : ['tickets and passwords of the directory']),
    ...(listener.tls?.clientCertificates?.firstFactor === true ? ['client certificates'] : []),
  ]
  if (groups.file !== undefined || unasked.length === 0) return []
  return secondFactor.rules.flatMap(({ require, when }, index) =>
    (require === 'refuse' || require === 'second-factor') && !when.groups.every(isSid)
      ? [
          `secondFactor.rules[${index}].when.groups: the groups of people with ${unasked.join(', or with ')} are not known, so the rule matches all of them: set groups.file`,
        ]
      : [],
  )
}
