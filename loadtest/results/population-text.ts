import type { PopulationSize } from '../measure/population.ts'

/** `10,000 sessions of 5,000 principals`; `5,000 principals with a ticket each`; `one identity`. */
export function populationText(size: Readonly<Partial<PopulationSize>>): string {
  const { sessions, accessTokens, personalAccessTokens, principals, tickets } = size
  const counted = (count: number | undefined, what: string) =>
    count === undefined ? [] : [`${count.toLocaleString('en-US')} ${what}`]
  const owned = [...counted(sessions, 'sessions'), ...counted(accessTokens, 'access tokens')]
  const all = [
    ...(owned.length === 0 ? [] : [`${owned.join(' and ')} of ${counted(principals, 'principals')}`]),
    ...counted(personalAccessTokens, 'personal access tokens'),
    ...counted(tickets, 'principals with a ticket each'),
  ]
  if (all.length > 0) return all.join(', ')
  return (principals ?? 1) === 1 ? 'one identity' : `${principals} principals`
}
