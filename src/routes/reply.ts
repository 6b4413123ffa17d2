import { Fault } from '../errors.ts'
import type { Traced } from '../exchange.ts'
import { UNWATCHED } from '../http/unwatched.ts'
import type { Page } from '../refusal/pages.ts'

/** The response of one of Torhaus' own routes. Faults are thrown. */
export interface Reply {
  readonly status: number
  /** Name, value, name, value. */
  readonly fields: readonly string[]
  readonly text: string
  /** The fault that the reply expresses in a form of its own: for log and metrics. */
  readonly fault?: Fault
}

/** Not stored, so that no personal data stays in the browser. */
export const shown = ({ fields, text }: Page): Reply => ({
  status: 200,
  fields: [...fields, 'Cache-Control', 'no-store'],
  text,
})

export type Route = (exchange: Traced) => Reply | Promise<Reply>

/** 303: the next request is a GET, whatever this one was (RFC 9110 15.4.4). */
export function seeOther(location: string, cookies: readonly string[] = []): Reply {
  return {
    status: 303,
    fields: ['Location', location, 'Cache-Control', 'no-store', ...cookies.flatMap(cookie => ['Set-Cookie', cookie])],
    text: '',
  }
}

/** Without this, the Back button would show pages of the server that lack `no-store`. */
export const forgetPages = (reply: Reply): Reply => ({
  ...reply,
  fields: [...reply.fields, 'Clear-Site-Data', '"cache"'],
})

/** For redirects to a URL that contains a code. */
export const unwatched = (reply: Reply): Reply => ({ ...reply, fields: [...reply.fields, ...UNWATCHED] })

export const notFound: Route = () => {
  throw new Fault('not-found')
}
