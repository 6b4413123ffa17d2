/**
 * The pages for operators at the admin listener. Whoever has the credential sees them, and ends sessions with a form
 * that one of them has shown: sent by a page of the same origin, with a token that is good once and for that alone.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OperatorDesk } from '../app/operator-desk.ts'
import type { Readiness } from '../app/readiness.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import type { FormTokens } from '../session/form-tokens.ts'
import type { Snapshot } from './figures.ts'
import { glancePage } from './glance.ts'
import { OPERATOR_FIELDS, PATHS } from './operator-page.ts'
import { type Ending, endedPage, peoplePage, problemPage } from './people.ts'
import { Readings } from './readings.ts'
import { refusalsPage, requestPage } from './refusals.ts'

export interface OperatorParts {
  readonly desk: OperatorDesk
  readonly snapshot: () => Promise<Snapshot>
  readonly forms: FormTokens
  readonly now: Clock
}

/** What the listener knows besides. */
export interface OperatorSurroundings {
  readonly readiness: () => Awaitable<Readiness>
  readonly hasCredential: () => boolean
  readonly isAllowed: (authorization: string | undefined) => boolean
  readonly challenge: (reply: FastifyReply) => FastifyReply
}

const NO_CREDENTIAL = { error: 'the pages for operators need a credential: set admin.credentialFile' }
const MOST_AT_A_GLANCE = 8
const MOST_LISTED = 100
const MAX_FORM_BYTES = 4096
/** Whose the tokens are: all who have the credential are one. */
const OPERATOR = { key: 'operator' }

export function addOperatorRoutes(admin: FastifyInstance, parts: OperatorParts, around: OperatorSurroundings): void {
  const { desk, forms, now } = parts
  const readings = new Readings(parts.snapshot, around.hasCredential, now)
  admin.addHook('onClose', async () => readings[Symbol.dispose]())
  admin.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
    (_request, content, done) => done(null, new URLSearchParams(String(content))),
  )
  const issue = (ending: Ending) => forms.issue(OPERATOR, actionOf(ending))
  const page = (path: string, render: (request: FastifyRequest) => Promise<string>) =>
    admin.get(path, { onRequest: guard(around) }, async (request, reply) => answer(reply, path, () => render(request)))

  page(PATHS.glance, async () => {
    const [{ past, now: reading }, readiness, refused] = await Promise.all([
      readings.all(),
      around.readiness(),
      desk.refused({ most: MOST_AT_A_GLANCE }),
    ])
    return glancePage({ past, now: reading, readiness, refused })
  })
  page(PATHS.person, async request => {
    const account = parameter(request, 'account')
    return peoplePage(account, await desk.signedIn({ account }), issue, now())
  })
  page(PATHS.refusals, async () => refusalsPage(await desk.refused({ most: MOST_LISTED })))
  page(PATHS.request, async request => {
    const id = parameter(request, 'id') ?? ''
    return requestPage(id, await desk.request({ id }))
  })
  admin.post(PATHS.end, { onRequest: guard(around) }, async (request, reply) => {
    if (!isSameOrigin(request)) return refuse(reply, 'This form was sent by another site.')
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
    const ending = endingOf(form)
    const isOurs = ending && (await forms.take(OPERATOR, actionOf(ending), form.get('token') ?? ''))
    if (ending === undefined || isOurs !== true)
      return refuse(reply, 'This form was sent already, or is too old: open the page again.')
    return answer(reply, PATHS.end, async () => endedPage(ending, await end(desk, ending, request.ip)))
  })
}

/** Before the content of a request is read. */
const guard =
  ({ hasCredential, isAllowed, challenge }: OperatorSurroundings) =>
  async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (!hasCredential()) return reply.code(403).send(NO_CREDENTIAL)
    return isAllowed(request.headers.authorization) ? undefined : challenge(reply)
  }

async function answer(reply: FastifyReply, place: string, render: () => Promise<string>): Promise<FastifyReply> {
  try {
    return send(reply, 200, await render())
  } catch (error) {
    return send(reply, 503, problemPage(place, (error as Error).message))
  }
}

const refuse = (reply: FastifyReply, why: string) => send(reply, 403, problemPage(PATHS.end, why))

function send(reply: FastifyReply, status: number, text: string): FastifyReply {
  for (let index = 0; index < OPERATOR_FIELDS.length; index += 2)
    reply.header(OPERATOR_FIELDS[index] ?? '', OPERATOR_FIELDS[index + 1])
  return reply.code(status).send(text)
}

/** The first of that name in the query; undefined where it is empty. */
function parameter({ query }: FastifyRequest, name: string): string | undefined {
  const given: unknown = (query as Readonly<Record<string, unknown>>)[name]
  const text = String(Array.isArray(given) ? given[0] : (given ?? '')).trim()
  return text === '' ? undefined : text.slice(0, 256)
}

/**
 * Browsers send Origin with every POST (Fetch standard 3.1), and Basic credentials with those of other sites, too. Where
 * TLS ends before us, the scheme is not ours: the host is compared, which has been found to be one of ours.
 */
function isSameOrigin({ headers, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  const origin = URL.parse(headers.origin ?? '')
  return origin !== null && origin.host === host
}

const actionOf = ({ what, account, key }: Ending) => JSON.stringify([what, account, key])

function endingOf(form: URLSearchParams): Ending | undefined {
  const what = form.get('what')
  const [account = '', key = ''] = [form.get('account') ?? '', form.get('key') ?? '']
  if (what !== 'person' && what !== 'session' && what !== 'grant') return undefined
  return account === '' ? undefined : { what, account, key }
}

function end(desk: OperatorDesk, { what, account, key }: Ending, clientAddress: string) {
  if (what === 'person') return desk.endPerson({ account, clientAddress })
  return what === 'session'
    ? desk.endSession({ account, key, clientAddress })
    : desk.endGrant({ account, key, clientAddress })
}
