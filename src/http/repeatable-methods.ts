import { isSafeMethod } from './request-origin.ts'

/** RFC 9110 9.2.2. For the safe ones content means nothing (9.3.1), and what sends it nevertheless is odd enough. */
const IDEMPOTENT: readonly string[] = ['PUT', 'DELETE']

/** Whether the request may be sent a second time where a connection died before any answer. */
export const isRepeatable = (method: string, hasContent: boolean): boolean =>
  IDEMPOTENT.includes(method) || (!hasContent && isSafeMethod(method))
