/** What the admin listener is asked and answers, as values: what answers knows neither server nor connection. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Awaitable } from '../awaitable.ts'

export interface AdminRequest {
  readonly headers: IncomingHttpHeaders
  /** Name and port it was asked under (Host, RFC 9110 7.2); empty where HTTP/1.0 sends none. */
  readonly host: string
  readonly query: URLSearchParams
  readonly clientAddress: string
  /** The content; undefined, and not read, where it is longer than that of a form, or does not say how long it is. */
  readonly form: () => Promise<URLSearchParams | undefined>
}

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
