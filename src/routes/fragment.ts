import type { Traced } from '../exchange.ts'
import { OWN_PREFIX } from '../http/request-target.ts'
import { ARRIVAL, DEPARTURE, movingPage } from '../refusal/moving-page.ts'
import type { Pages } from '../refusal/pages.ts'
import { queryOf } from './query-of.ts'
import { type Reply, type Route, shown } from './reply.ts'
import { MAX_RETURN_PATH_LENGTH, safeReturnPath } from './return-path.ts'

export const ARRIVED = `${OWN_PREFIX}/arrived`
const PARAMETER = 'fragment'

/** Only a browser opening a page in a window has a fragment. Without Sec-Fetch-Dest, it is left to redirects. */
export const mayHaveFragment = ({ fields }: Traced, query: URLSearchParams): boolean =>
  fields.kept['sec-fetch-dest'] === 'document' && !query.has(PARAMETER)

/** Restarts the requested sign-in via a page that keeps the fragment in the browser. */
export function departure(pages: Pages, exchange: Traced, query: URLSearchParams, returnTo: string): Reply {
  const { target } = exchange
  const on = (change: Readonly<Record<string, string>>) => {
    const next = new URLSearchParams(query)
    for (const [name, value] of Object.entries(change)) next.set(name, value)
    return `${target.path}?${next}`
  }
  const back = `${ARRIVED}?to=${encodeURIComponent(returnTo)}`
  const plain = on({ [PARAMETER]: 'none' })
  // Too long for a return path: continues without the fragment.
  const kept = back.length > MAX_RETURN_PATH_LENGTH ? plain : on({ [PARAMETER]: 'kept', return_to: back })
  return shown(movingPage(pages.for(exchange), DEPARTURE, plain, kept))
}

/** GET /.torhaus/arrived?to=PATH: restores the fragment. */
export const arrived =
  (pages: Pages, ownOrigin: string): Route =>
  exchange => {
    const to = safeReturnPath(queryOf(exchange).get('to'), ownOrigin)
    return shown(movingPage(pages.for(exchange), ARRIVAL, to))
  }
