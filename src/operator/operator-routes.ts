/**
 * The pages for operators at the admin listener. Whoever has the credential sees them, and ends sessions with a form
 * that one of them has shown: sent by a page of the same origin, with a token that is good once and for that alone.
 */
import type { OperatorDesk } from '../app/operator-desk.ts'
import type { Readiness } from '../app/readiness.ts'
import type { Awaitable } from '../awaitable.ts'
import type { Clock } from '../clock.ts'
import type { FormTokens } from '../session/form-tokens.ts'
import { type AdminAnswer, type AdminRequest, type AdminRoutes, jsonAnswer } from './admin-exchange.ts'
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
  /** What is told who is not allowed. */
  readonly challenge: AdminAnswer
}

const NO_CREDENTIAL = { error: 'the pages for operators require a credential: set admin.credentialFile' }
const MOST_AT_A_GLANCE = 8
const MOST_LISTED = 100
/** Whose the tokens are: all who have the credential are one. */
const OPERATOR = { key: 'operator' }

export function operatorRoutes(parts: OperatorParts, around: OperatorSurroundings): AdminRoutes & Disposable {
  const { desk, forms, now } = parts
  const readings = new Readings(parts.snapshot, around.hasCredential, now)
  const issue = (ending: Ending) => forms.issue(OPERATOR, actionOf(ending))
  const page = (path: string, render: (request: AdminRequest) => Promise<string>) => ({
    [`GET ${path}`]: guarded(around, request => answer(path, () => render(request))),
  })
  return {
    [Symbol.dispose]: () => readings[Symbol.dispose](),
    ...page(PATHS.glance, async () => {
      const [{ past, now: reading }, readiness, refused] = await Promise.all([
        readings.all(),
        around.readiness(),
        desk.refused({ most: MOST_AT_A_GLANCE }),
      ])
      return glancePage({ past, now: reading, readiness, refused })
    }),
    ...page(PATHS.person, async request => {
      const account = parameter(request, 'account')
      return peoplePage(account, await desk.signedIn({ account }), issue, now())
    }),
    ...page(PATHS.refusals, async () => refusalsPage(await desk.refused({ most: MOST_LISTED }))),
    ...page(PATHS.request, async request => {
      const id = parameter(request, 'id') ?? ''
      return requestPage(id, await desk.request({ id }))
    }),
    [`POST ${PATHS.end}`]: guarded(around, async request => {
      if (!isSameOrigin(request)) return refuse('This form was sent by another website.')
      const form = await request.form()
      if (form === 'no-form') return pageAnswer(415, problemPage(PATHS.end, 'The request is not a form.'))
      if (form === 'too-long') return pageAnswer(413, problemPage(PATHS.end, 'This form is too long.'))
      const ending = endingOf(form)
      const isOurs = ending && (await forms.take(OPERATOR, actionOf(ending), form.get('token') ?? ''))
      if (ending === undefined || isOurs !== true)
        return refuse('This form has already been sent, or is too old: open the page again.')
      return answer(PATHS.end, async () => endedPage(ending, await end(desk, ending, request.clientAddress)))
    }),
  }
}

type AdminRoute = AdminRoutes[string]

/** Before the content of a request is read. */
const guarded =
  ({ hasCredential, isAllowed, challenge }: OperatorSurroundings, route: AdminRoute): AdminRoute =>
  request => {
    if (!hasCredential()) return jsonAnswer(403, NO_CREDENTIAL)
    return isAllowed(request.headers.authorization) ? route(request) : challenge
  }

async function answer(place: string, render: () => Promise<string>): Promise<AdminAnswer> {
  try {
    return pageAnswer(200, await render())
  } catch (error) {
    return pageAnswer(503, problemPage(place, (error as Error).message))
  }
}

const refuse = (why: string) => pageAnswer(403, problemPage(PATHS.end, why))

const pageAnswer = (status: number, content: string): AdminAnswer => ({ status, fields: OPERATOR_FIELDS, content })

/** The first of that name in the query; undefined where it is empty. */
function parameter({ query }: AdminRequest, name: string): string | undefined {
  const text = query.get(name)?.trim() ?? ''
  return text === '' ? undefined : text.slice(0, 256)
}

/**
 * Browsers send Origin with every POST (Fetch standard 3.1), and Basic credentials with those of other sites, too. Where
 * TLS ends before us, the scheme is not ours: the host is compared, which has been found to be one of ours.
 */
function isSameOrigin({ headers, host }: AdminRequest): boolean {
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
