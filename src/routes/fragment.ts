import type { Traced } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { ARRIVAL, DEPARTURE, movingPage } from '../refusal/moving-page.ts'
import type { Reply, Route } from './reply.ts'
import { MAX_RETURN_PATH_LENGTH, safeReturnPath } from './return-path.ts'

export const ARRIVED = `${OWN_PREFIX}/arrived`
const PARAMETER = 'fragment'

/** Only a browser that opens a page in a window has a fragment; one that does not say so keeps what redirects keep. */
export const mayHaveFragment = ({ fields }: Traced, query: URLSearchParams): boolean =>
  fields.kept['sec-fetch-dest'] === 'document' && !query.has(PARAMETER)

/** The sign-in asked for, once more, by way of a page that keeps the fragment in the browser. */
export function departure({ target }: Traced, query: URLSearchParams, returnTo: string): Reply {
  const on = (change: Readonly<Record<string, string>>) => {
    const next = new URLSearchParams(query)
    for (const [name, value] of Object.entries(change)) next.set(name, value)
    return `${target.path}?${next}`
  }
  const back = `${ARRIVED}?to=${encodeURIComponent(returnTo)}`
  const plain = on({ [PARAMETER]: 'none' })
  // Too long to come back to: then without.
  const kept = back.length > MAX_RETURN_PATH_LENGTH ? plain : on({ [PARAMETER]: 'kept', return_to: back })
  return { status: 200, ...movingPage(DEPARTURE, plain, kept) }
}

/** GET /.torhaus/arrived?to=PATH: puts the fragment back where it was. */
export const arrived =
  (ownOrigin: string): Route =>
  ({ target }) => {
    const to = new URL(target.raw, ownOrigin).searchParams.get('to')
    return { status: 200, ...movingPage(ARRIVAL, safeReturnPath(to, ownOrigin)) }
  }
