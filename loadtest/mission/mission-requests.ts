/** What comes in on a day: browsers, git, build agents, SOAP, REST; sizes as in `mission-day`, 100 KB on average. */

import { FETCH_CONTENT, LS_REFS_CONTENT } from '../lab/git-content.ts'
import { pageBytes, TICKET_FOLDER } from '../lab/origin.ts'
import type { LoadRequest } from '../load.ts'
import type { CredentialFields } from '../scenario.ts'

const SIZES = ['1k', '100k', '1k', '1k', '700k', '1k', '100k', '1k', '1k', '100k'] as const
type Size = (typeof SIZES)[number]

const REPOSITORY = '/DefaultCollection/demo/_git/demo.git'
const MEDIA_TYPE = 'application/x-git-upload-pack'
const LOG_BYTES = 10_240

/** What a client of the kind sends when it is to get so much back. */
type Kind = (fields: MissionFields, size: Size, index: number) => LoadRequest

export interface MissionFields extends CredentialFields {
  /** A token that the server gave a build agent. */
  readonly agent: Readonly<Record<string, string>>
}

const get = (target: string, fields: LoadRequest['fields'], size: Size): LoadRequest => ({
  ...{ method: 'GET', target, fields, responseBytes: pageBytes[size] },
})

/** Goes on as the person, with a ticket in each request: the server refuses what comes without. */
const browser: Kind = ({ session }, size) => get(`${TICKET_FOLDER}/${size}`, session, size)
const restAsPerson: Kind = ({ bearer }, size) => get(`${TICKET_FOLDER}/${size}`, bearer, size)

const restByPat: Kind = ({ pat }, size) =>
  get(`/DefaultCollection/_apis/wit/workitems/${size}`, { ...pat, Accept: 'application/json' }, size)

const agentAsks: Kind = ({ agent }, size) =>
  get(`/DefaultCollection/_apis/distributedtask/pools/1/${size}`, agent, size)

const agentSendsLog: Kind = ({ agent }) => ({
  ...{ method: 'POST', target: '/upload', fields: { ...agent, 'Content-Type': 'text/plain' } },
  content: 'x'.repeat(LOG_BYTES),
  responseBytes: `${LOG_BYTES}`.length,
})

const soap: Kind = ({ pat }, size) => ({
  ...{ method: 'POST', target: `/DefaultCollection/${size}.asmx`, responseBytes: pageBytes[size] },
  fields: {
    ...pat,
    'Content-Type': 'text/xml; charset=utf-8',
    SOAPAction: '"http://schemas.example.com/QueryHistory"',
  },
  content:
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
})

/** Looks for news far more often than there is something to fetch; what is large comes by git-lfs. */
const git: Kind = ({ pat }, size, index) => {
  const fields = { ...pat, 'Accept-Encoding': 'deflate, gzip, br, zstd', 'Git-Protocol': 'version=2' }
  if (size === '700k') return get('/700k', { ...pat, 'User-Agent': 'git-lfs/3.6.1' }, size)
  if (size === '1k' && index % 2 === 0) return get(`${REPOSITORY}/info/refs?service=git-upload-pack`, fields, size)
  return {
    ...{ method: 'POST', target: `${REPOSITORY}/git-upload-pack`, responseBytes: pageBytes[size] },
    fields: { ...fields, 'Content-Type': `${MEDIA_TYPE}-request`, Accept: `${MEDIA_TYPE}-result` },
    content: size === '1k' ? LS_REFS_CONTENT : FETCH_CONTENT,
  }
}

/** Eleven, so that each meets each size. */
const KINDS: readonly Kind[] = [
  ...[browser, git, agentAsks, browser, restAsPerson, git],
  ...[restByPat, browser, agentSendsLog, soap, browser],
]

const ROUND = KINDS.length * SIZES.length

/** Of several people in turn; each asks for everything once. */
export function missionRequests(people: readonly MissionFields[]): LoadRequest[] {
  return Array.from({ length: ROUND * people.length }, (_, index) => {
    const [kind, size] = [KINDS[index % KINDS.length], SIZES[index % SIZES.length]]
    const fields = people[((index % ROUND) + Math.floor(index / ROUND)) % people.length]
    if (kind === undefined || size === undefined || fields === undefined) throw new Error('a mission needs people')
    return kind(fields, size, index)
  })
}

/** The same load at the origin server itself, which gets no tickets there. */
export const withoutTickets = (requests: readonly LoadRequest[]): LoadRequest[] =>
  requests.map(request => ({ ...request, target: request.target.replace(new RegExp(`^${TICKET_FOLDER}(?=/)`), '') }))
