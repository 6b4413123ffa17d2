import type { Traced } from '../exchange.ts'
import { isForeign } from '../http/request-origin.ts'

/** Browsers send Origin with every POST (Fetch standard 3.1); a request without it is not a form of Torhaus. */
export const isSameOrigin = ({ fields }: Pick<Traced, 'fields'>, ownOrigin: string): boolean =>
  fields.kept.origin !== undefined && !isForeign(fields, origin => origin === ownOrigin)
