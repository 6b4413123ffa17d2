/** Who is sent what: each subject with the credentials of the users, and the populations that send in their place. */

import { credentialFields } from './credential-fields.ts'
import { seedRedisSessions, seedSessions } from './curves/seed-sessions.ts'
import type { Realm } from './lab/realm.ts'
import { REDIS_PREFIX } from './lab/store.ts'
import { sessionFiles } from './lab/torhaus.ts'
import type { LoadRequest } from './load.ts'
import type { Contender } from './measure/contender-load.ts'
import { createPopulation, type Population, type PopulationSize, sizeOf } from './measure/population.ts'
import type { Scenario } from './scenario.ts'
import type { Subject, Surroundings } from './subject.ts'

interface People {
  readonly identityProvider: {
    readonly accessTokens: readonly string[]
    signIn(start: string, page: string): Promise<string[]>
  }
  readonly realm: Realm | undefined
}

/** Signs everybody in everywhere. Whoever knows no sessions is sent the cookie of Torhaus: the same bytes to carry. */
export async function contendersOf(
  subjects: readonly Subject[],
  { identityProvider, realm }: People,
): Promise<Contender[]> {
  const cookies = await Promise.all(
    subjects.map(({ signInPages: pages }) => pages && identityProvider.signIn(pages.start, pages.page)),
  )
  const { accessTokens } = identityProvider
  const tickets = (await realm?.freshTokens(accessTokens.length, 1)) ?? []
  return subjects.map((subject, at) => ({
    subject,
    population: undefined,
    credentials: accessTokens.map((accessToken, user) => {
      const cookie = (cookies[at] ?? cookies[0])?.[user] ?? ''
      return credentialFields({ cookie, accessToken, ticket: tickets[user] ?? '' }, subject.takesBearerForPat === true)
    }),
  }))
}

/** Of a sign-in or a WebSocket nothing could differ. */
function requestsOf(scenario: Scenario, { credentials }: Contender): LoadRequest[] {
  if (scenario.kind === 'requests') return credentials.flatMap(scenario.requests)
  return scenario.kind === 'handshakes' || scenario.kind === 'transfer' ? credentials.map(scenario.request) : []
}

/**
 * Undefined where the requests of the scenario have nothing that could differ. `name`: of the lists, where there are
 * several populations.
 */
function populationOf(
  scenario: Scenario,
  contenders: readonly Contender[],
  size: PopulationSize,
  surroundings: Surroundings,
  name: string,
): Promise<Population | undefined> {
  const { identityProvider, directory, realm, redis } = surroundings
  return createPopulation(
    contenders.flatMap(contender => requestsOf(scenario, contender)),
    size,
    {
      directory,
      accountOf: index => realm?.crowd[index] ?? `user-${index}`,
      async sessionsFor(accounts) {
        const files = sessionFiles(surroundings)
        if (redis === undefined) return seedSessions({ ...files, accounts })
        return seedRedisSessions(redis.url, REDIS_PREFIX, files.keyFile, accounts)
      },
      accessTokensFor: accounts => identityProvider.accessTokensFor(accounts),
    },
    name,
  )
}

/** What a Torhaus with so many identities is called, beside the one that is judged. */
export const besideName = (identities: number) => `torhaus-${identities}`

export interface Crowd {
  readonly contenders: readonly Contender[]
  /** Of all but those beside; undefined where few requests are sent. */
  readonly size: Readonly<Partial<PopulationSize>> | undefined
}

/**
 * A population for every contender: of `identities[0]`, else `usual`; a few large requests are somebody's unless it is
 * asked for. Those beside (`besideName`) have their own, of the further ones. One identity is that of the users themselves.
 * @throws {TypeError} where identities are asked for and nothing could differ.
 */
export async function crowdOf(
  scenario: Scenario,
  people: readonly Contender[],
  identities: readonly number[],
  usual: PopulationSize,
  surroundings: Surroundings,
): Promise<Crowd> {
  const [first, ...others] = identities
  const isSomebodys = scenario.kind === 'transfer'
  const sends = !isSomebodys && people.some(contender => requestsOf(scenario, contender).length > 0)
  const of = (count: number | undefined, name = '') =>
    count === 1 || (count === undefined && isSomebodys)
      ? undefined
      : populationOf(scenario, people, count === undefined ? usual : sizeOf(count), surroundings, name)
  const main = await of(first)
  if (identities.some(count => count > 1) && main === undefined && first !== 1)
    throw new TypeError('--identities is for requests with credentials')
  const own = new Map<string, Population | undefined>()
  for (const count of others) own.set(besideName(count), await of(count, `-${count}`))
  return {
    contenders: people.map(contender => {
      const { name } = contender.subject
      return { ...contender, population: own.has(name) ? own.get(name) : main }
    }),
    size: main?.size ?? (sends ? { principals: 1 } : undefined),
  }
}
