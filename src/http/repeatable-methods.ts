import { isSafeMethod } from './request-origin.ts'
import type { RequestReadings } from './request-readings.ts'

/**
 * Idempotent methods (RFC 9110 9.2.2) that are repeated with content, too. Safe ones are repeated only without: content has
 * no meaning in them (9.3.1), and a request that has it is unusual.
 */
const IDEMPOTENT: readonly string[] = ['PUT', 'DELETE']

interface Methods {
  readonly method: string
  readonly readings: RequestReadings | undefined
}

/** Whether the request may be sent a second time where a connection died before any answer, whichever method a server takes it for. */
export const isRepeatable = ({ method, readings }: Methods, hasContent: boolean): boolean =>
  readings === undefined ? isNamed(method, hasContent) : readings.methods.every(each => isNamed(each, hasContent))

const isNamed = (method: string, hasContent: boolean): boolean =>
  IDEMPOTENT.includes(method) || (!hasContent && isSafeMethod(method))
