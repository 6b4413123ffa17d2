/** What the admin listener is asked and answers, as values: what answers knows neither server nor connection. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Awaitable } from '../awaitable.ts'

export interface AdminRequest {
  readonly headers: IncomingHttpHeaders
  /** Name and port it was asked under (Host, RFC 9110 7.2); empty where HTTP/1.0 sends none. */
  readonly host: string
  readonly query: URLSearchParams
  readonly clientAddress: string
  /** The content, where it is that of a form (application/x-www-form-urlencoded): else it is not read. */
  readonly form: () => Promise<URLSearchParams | NotRead>
}

/** `too-long`: or it does not say how long it is. */
export type NotRead = 'no-form' | 'too-long'

export interface AdminAnswer {
  readonly status: number
  /** Names and values in turn, the type of the content among them. */
  readonly fields: readonly string[]
  readonly content: string
}

/** By method and path: `GET /metrics`. */
export type AdminRoutes = Readonly<Record<string, (request: AdminRequest) => Awaitable<AdminAnswer>>>

/** `fields`: more of them, names and values in turn. */
export const jsonAnswer = (status: number, value: object, ...fields: readonly string[]): AdminAnswer => ({
  status,
  fields: ['Content-Type', 'application/json; charset=utf-8', ...fields],
  content: JSON.stringify(value),
})
