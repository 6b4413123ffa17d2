/** Many people in place of one: what identifies the sender differs from request to request, at random. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomPat } from '../credential-fields.ts'
import type { Lists } from '../generators/lists.ts'
import type { LoadRequest } from '../load.ts'

/** How many there are of each. Sessions and access tokens are of so many principals. */
export interface PopulationSize {
  /** Of principals with one each. */
  readonly tickets: number
  readonly sessions: number
  readonly personalAccessTokens: number
  readonly accessTokens: number
  readonly principals: number
}

type Credential = Exclude<keyof PopulationSize, 'principals'>

/** A company of ten thousand people. */
export const USUAL_SIZE: PopulationSize = {
  sessions: 10_000,
  personalAccessTokens: 20_000,
  accessTokens: 10_000,
  principals: 5000,
  tickets: 5000,
}

/** For quick runs: a twentieth. */
export const SHORT_SIZE: PopulationSize = {
  sessions: 500,
  personalAccessTokens: 1000,
  accessTokens: 500,
  principals: 250,
  tickets: 250,
}

/** `count` of each, of no more principals than usual. */
export const sizeOf = (count: number): PopulationSize => {
  const principals = Math.min(count, USUAL_SIZE.principals)
  return { sessions: count, personalAccessTokens: count, accessTokens: count, principals, tickets: principals }
}

export interface Population {
  /** What its requests use. */
  readonly size: Readonly<Partial<PopulationSize>>
  /** What takes the place of the placeholders. Not of tickets: each goes into a token of its own (Realm.freshTokens). */
  readonly lists: Lists
  /** Of the longest list. */
  readonly identities: number
  /** The request as anyone of them sends it; as it is where no credentials of theirs are in it. */
  anyones(request: LoadRequest): LoadRequest
}

/** Where the credentials come from. */
export interface Registry {
  /** For lists. */
  readonly directory: string
  accountOf(index: number): string
  sessionsFor(accounts: readonly string[]): Promise<readonly string[]>
  accessTokensFor(accounts: readonly string[]): Promise<readonly string[]>
}

interface Slot {
  readonly field: string
  /** What differs from sender to sender. */
  readonly pattern: RegExp
}

const slots: Readonly<Record<Credential, Slot>> = {
  sessions: { field: 'Cookie', pattern: /(?<=\btorhaus=)[\w-]+/ },
  personalAccessTokens: { field: 'Authorization', pattern: /(?<=^Basic ).+/ },
  accessTokens: { field: 'Authorization', pattern: /(?<=^Bearer ).+/ },
  tickets: { field: 'Authorization', pattern: /(?<=^Negotiate ).+/ },
}
const credentials = Object.keys(slots) as Credential[]

const placeholderOf = (credential: Credential) => `@@${credential}@@`

const valueIn = ({ fields }: LoadRequest, { field, pattern }: Slot) => pattern.exec(fields[field] ?? '')?.[0]

/** A request as anyone sends it. Undefined: it has no such credentials. */
export function asAnyone(request: LoadRequest, credential: Credential): LoadRequest | undefined {
  const slot = slots[credential]
  if (valueIn(request, slot) === undefined) return undefined
  const value = (request.fields[slot.field] ?? '').replace(slot.pattern, placeholderOf(credential))
  return { ...request, fields: { ...request.fields, [slot.field]: value } }
}

/** Each request takes one of them. */
export function writeList(directory: string, credential: Credential, identities: readonly string[], name = ''): Lists {
  const file = join(directory, `${credential}${name}`)
  writeFileSync(file, identities.map(identity => `${identity}\n`).join(''), { mode: 0o600 })
  return { [placeholderOf(credential)]: file }
}

/**
 * Of the kinds of credentials that are in the requests. Undefined where there are none, so that nothing could differ.
 * `name` tells the lists of several apart.
 */
export async function createPopulation(
  requests: readonly LoadRequest[],
  size: PopulationSize,
  registry: Registry,
  name: string,
): Promise<Population | undefined> {
  const used = credentials.filter(credential => requests.some(request => asAnyone(request, credential) !== undefined))
  if (used.length === 0) return undefined
  const accountsFor = (count: number) =>
    Array.from({ length: count }, (_, index) => registry.accountOf(index % size.principals))
  const identitiesOf = {
    sessions: () => registry.sessionsFor(accountsFor(size.sessions)),
    accessTokens: () => registry.accessTokensFor(accountsFor(size.accessTokens)),
    personalAccessTokens: () =>
      Array.from({ length: size.personalAccessTokens }, () => Buffer.from(`:${randomPat()}`).toString('base64')),
  }
  const listed = used.filter(credential => credential !== 'tickets')
  const lists: Record<string, string> = {}
  for (const credential of listed)
    Object.assign(lists, writeList(registry.directory, credential, await identitiesOf[credential](), name))
  const hasPrincipals = used.some(credential => credential === 'sessions' || credential === 'accessTokens')
  return {
    size: {
      ...Object.fromEntries(used.map(credential => [credential, size[credential]])),
      ...(hasPrincipals && { principals: size.principals }),
    },
    lists,
    identities: Math.max(...used.map(credential => size[credential])),
    anyones: request => listed.reduce((one, credential) => asAnyone(one, credential) ?? one, request),
  }
}
