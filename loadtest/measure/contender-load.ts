/** What a contender is sent in a scenario of many small requests, and by which generator. */
import { negotiateFields } from '../credential-fields.ts'
import { everyones, readLists } from '../generators/lists.ts'
import { saturate } from '../generators/saturate.ts'
import { sendEach } from '../generators/send-each.ts'
import { verify } from '../generators/verify.ts'
import { SMALL_BYTES } from '../lab/origin.ts'
import type { Realm } from '../lab/realm.ts'
import type { LabTls } from '../lab/tls.ts'
import type { LoadRequest, Saturation } from '../load.ts'
import type { CredentialFields, RequestScenario } from '../scenario.ts'
import type { Subject } from '../subject.ts'
import type { Population } from './population.ts'

/** A subject, and what it is sent as credentials of each user. */
export interface Contender {
  readonly subject: Subject
  readonly credentials: readonly CredentialFields[]
  /** Who sends in place of those users; undefined: they do. */
  readonly population: Population | undefined
}

export interface LoadSetting {
  readonly scenario: RequestScenario
  readonly realm: Realm | undefined
  readonly tls: LabTls | undefined
  readonly directory: string
  readonly signal: AbortSignal
}

/** `durationS` is for what can be sent again and again, `freshRequests` for what cannot. */
export interface LoadSize {
  readonly durationS: number
  readonly freshRequests: number
}

const VERIFIED_REQUESTS = 240

/**
 * At least `count` requests where each may be sent once only; else the few of the scenario, to be sent in turn, with
 * placeholders where there is a population.
 */
export async function requestsFor(contender: Contender, count: number, setting: LoadSetting): Promise<LoadRequest[]> {
  const { subject, credentials, population } = contender
  const { realm, scenario } = setting
  if (subject.checksTickets !== true) {
    const folder = subject.originFolder ?? ''
    return credentials.flatMap(scenario.requests).map(request => {
      const anyones = population?.anyones(request) ?? request
      return { ...anyones, target: `${folder}${request.target}` }
    })
  }
  if (realm === undefined) throw new Error(`${subject.name} checks tickets, and there is no realm to make them`)
  const tokens = await realm.freshTokens(count, population?.size.tickets ?? 1)
  const rest = { method: 'GET', target: '/1k', responseBytes: SMALL_BYTES } as const
  return tokens.map(token => ({ ...rest, fields: negotiateFields(token) }))
}

/** @throws where an answer is not as it should be. */
export async function verifyContender(contender: Contender, setting: LoadSetting): Promise<void> {
  const { subject } = contender
  const requests = await requestsFor(contender, VERIFIED_REQUESTS, setting)
  if (subject.checksTickets !== true) {
    const anyones = readLists(contender.population?.lists ?? {})
    const sample = Array.from({ length: VERIFIED_REQUESTS }, (_, index) => requests[index % requests.length] ?? [])
    return verify({ ...subject, tls: setting.tls }, sample.flat().map(anyones), VERIFIED_REQUESTS)
  }
  const { errors } = await sendEach(
    { port: subject.port, connections: 8, requests, ca: setting.tls?.ca },
    setting.signal,
  )
  if (errors > 0)
    throw new Error(`${subject.name} gave ${errors} wrong answers of ${VERIFIED_REQUESTS} to fresh tickets`)
}

/** In one go: the KDC is asked for each whom it has not heard of, and on a busy machine takes its time. */
const INTRODUCED_AT_A_TIME = 500

/** Each identity of the population sends one request; answers how many were sent, and how many had a wrong answer. */
export async function introduceEverybody(contender: Contender, setting: LoadSetting) {
  const { scenario, signal, tls } = setting
  const { port } = contender.subject
  const requests = (await requestsFor(contender, 0, setting)).flatMap(request =>
    everyones(contender.population?.lists ?? {}, request),
  )
  let errors = 0
  for (let from = 0; from < requests.length; from += INTRODUCED_AT_A_TIME) {
    const some = requests.slice(from, from + INTRODUCED_AT_A_TIME)
    const order = { port, connections: scenario.connections, requests: some, ca: tls?.ca }
    errors += (await sendEach(order, signal)).errors
  }
  return { requests: requests.length, errors }
}

/** Makes the tokens, which is not to be measured; the function returned sends. */
export async function prepareLoad(
  contender: Contender,
  { durationS, freshRequests }: LoadSize,
  setting: LoadSetting,
): Promise<() => Promise<Saturation>> {
  const { port, checksTickets } = contender.subject
  const { directory, signal, tls } = setting
  const { connections } = setting.scenario
  const requests = await requestsFor(contender, freshRequests, setting)
  if (checksTickets === true) return () => sendEach({ port, connections, requests, ca: tls?.ca }, signal)
  const lists = contender.population?.lists
  return () => saturate({ port, connections, durationS, requests, lists, directory, tls, signal })
}
