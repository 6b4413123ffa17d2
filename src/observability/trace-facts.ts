/**
 * What a decision trace may contain about an exchange. Only what is listed here is ever written: kinds, names, times,
 * accounts. Never a token, a cookie, a password, an unverified user name, a query, a fingerprint or a field's value.
 */
import type { Credentials, PartialExchange, Principal } from '../exchange.ts'
import { isOwnPath } from '../http/request-target.ts'
import { inOnePiece } from './access-values.ts'
import type { ExchangeRecord } from './exchange-record.ts'

/** Names and values, each short enough for one line. */
export type Facts = Readonly<Record<string, string>>

type Read = (known: PartialExchange) => Facts

/** What a stage decides by, and what it adds. `number`: its step in ARCHITECTURE.md. */
interface StageFacts {
  readonly number: number
  readonly knew: Read
  readonly added: Read
  /** Whether the exchange has passed it, by what it adds. */
  readonly isPassed: (known: PartialExchange) => boolean
}

const MAX_VALUE_LENGTH = 120

const NOTHING: Facts = {}

const yesNo = (value: boolean | undefined) => (value === true ? 'yes' : 'no')

const head: Read = ({ request }) => ({ method: bounded(request.method ?? ''), path: pathOf(request.url ?? '') })

const peer: Read = ({ clientAddress, peerIsTrusted }) => ({
  client: bounded(clientAddress ?? ''),
  through_proxy: yesNo(peerIsTrusted),
})

const program: Read = ({ requestId, clientClass, isNavigation }) => ({
  id: bounded(requestId ?? ''),
  kind: clientClass ?? '',
  navigation: yesNo(isNavigation),
})

/** Which fields there are, not what is in them. */
const carried: Read = ({ fields }) => ({
  authorization: yesNo(fields?.kept.authorization !== undefined),
  cookie: yesNo(fields?.kept.cookie !== undefined),
})

const presented: Read = ({ credentials, companionSession }) => ({
  ...(credentials === undefined ? NOTHING : ofCredentials(credentials)),
  ...(companionSession !== undefined && { beside: 'session' }),
})

const who: Read = ({ principal, replyFields = [] }) => ({
  ...(principal === undefined ? NOTHING : ofPrincipal(principal)),
  ...(replyFields.length > 0 && { reply: bounded(replyFields.filter((_, index) => index % 2 === 0).join(',')) }),
})

const policy: Read = ({ admittedBy }) => ({ admitted_by: bounded(admittedBy ?? '') })

const account: Read = known => ({ account: bounded(known.account ?? 'none of ours') })

const travel: Read = ({ delegation }) => {
  if (delegation === undefined) return NOTHING
  const { fields, authenticateConnection, keepsAuthorization, connectionKey } = delegation
  const names = fields.filter((_, index) => index % 2 === 0)
  const identity = authenticateConnection === undefined ? names.join(',') : 'on the connection'
  return {
    identity: bounded(identity === '' ? 'none of ours' : identity),
    authorization: keepsAuthorization ? 'as it came' : 'removed',
    connection: bounded(connectionKey),
  }
}

const STAGES: Readonly<Record<string, StageFacts>> = {
  accept: { number: 0, knew: () => NOTHING, added: () => NOTHING, isPassed: () => false },
  'trust-connection': { number: 1, knew: head, added: peer, isPassed: ({ fields }) => fields !== undefined },
  'identify-request': {
    ...{ number: 2, knew: peer, added: program, isPassed: ({ clientClass }) => clientClass !== undefined },
  },
  'classify-credentials': {
    ...{ number: 3, knew: carried, added: presented, isPassed: ({ credentials }) => credentials !== undefined },
  },
  authenticate: { number: 4, knew: presented, added: who, isPassed: ({ principal }) => principal !== undefined },
  'require-second-factor': {
    ...{ number: 5, knew: who, added: policy, isPassed: ({ admittedBy }) => admittedBy !== undefined },
  },
  // Also where there is no account of ours.
  'map-identity': { number: 6, knew: who, added: account, isPassed: known => 'account' in known },
  impersonate: { number: 7, knew: account, added: travel, isPassed: ({ delegation }) => delegation !== undefined },
  forward: { number: 8, knew: travel, added: () => NOTHING, isPassed: () => false },
}

/** The number of a stage in ARCHITECTURE.md; undefined for what is no stage of the policy. */
export const stepNumberOf = (stage: string): number | undefined => STAGES[stage]?.number

/** `after`: what is known after the stage; left out where it added nothing. */
export function factsOf(
  stage: string,
  before: PartialExchange,
  after?: PartialExchange,
): Record<'knew' | 'added', Facts> {
  const facts = STAGES[stage]
  return { knew: facts?.knew(before) ?? NOTHING, added: (after && facts?.added(after)) ?? NOTHING }
}

/** The stages that an exchange has passed, in their order. */
export const stagesPassed = (known: PartialExchange): readonly string[] =>
  Object.keys(STAGES).filter(stage => STAGES[stage]?.isPassed(known))

/** Status, size and time to the first byte of the response, for an exchange that no stage refused. */
export function responseFacts({ known, responseBytes, decidedAtMs, upstreamFirstByteAtMs }: ExchangeRecord): Facts {
  const { response } = known
  const hasWaited = decidedAtMs !== undefined && upstreamFirstByteAtMs !== undefined
  return {
    ...(response.headersSent && { status: `${response.statusCode}` }),
    bytes: `${responseBytes}`,
    ...(hasWaited && { first_byte_ms: (upstreamFirstByteAtMs - decidedAtMs).toFixed(1) }),
  }
}

/**
 * Without authority and query, which may hold secrets, and of our own pages without what names one thing: a code, a
 * key.
 */
export function pathOf(target: string): string {
  const [, path = ''] = /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(target) ?? []
  const segments = path.split('/', 4)
  return bounded(isOwnPath(path) && segments.length > 3 ? `${segments.slice(0, 3).join('/')}/...` : path)
}

/** Short, without what could steer a terminal or break a line, and no part of a text that would be kept with it. */
export function bounded(value: string): string {
  const start = value.length > MAX_VALUE_LENGTH ? `${value.slice(0, MAX_VALUE_LENGTH - 3)}...` : value
  return inOnePiece(start.replace(/[^\x20-\x7e\xa0-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff]/g, '?'))
}

/** What a Basic field says before it is verified may be a password in the wrong place. */
function ofCredentials(credentials: Credentials): Facts {
  switch (credentials.scheme) {
    case 'bearer':
      return { scheme: 'bearer', via: credentials.via }
    case 'unsupported':
      return { scheme: 'unsupported', because: credentials.because }
    default:
      return { scheme: credentials.scheme }
  }
}

function ofPrincipal(principal: Principal): Facts {
  if (principal.kind === 'anonymous') return { principal: 'anonymous', because: principal.because }
  if (principal.kind === 'server-checked') {
    const { owner } = principal
    return { principal: 'server-checked', ...(owner !== undefined && { owner: bounded(owner.account) }) }
  }
  const { acr, amr, authTime, firstFactor, ticket } = principal.evidence
  return {
    principal: 'person',
    account: bounded(principal.account ?? 'none'),
    ...(acr !== undefined && { acr: bounded(acr) }),
    ...(amr.length > 0 && { amr: bounded(amr.join(',')) }),
    ...(authTime !== undefined && { auth_time: `${authTime}` }),
    ...(firstFactor !== undefined && { first_factor: firstFactor }),
    ...(ticket !== undefined && { ticket: bounded([...ticket.indicators, ...ticket.sids].join(',')) }),
  }
}
