/** How a response ended after its status was sent to the client. */
import type { Code } from '../errors.ts'

const CONTENT_CODES: readonly Code[] = [
  ...(['response-content-timeout', 'request-content-aborted', 'request-content-too-slow'] as const),
  ...(['request-malformed', 'unproven-share-exceeded'] as const),
]

export const contentCode = (code: Code): Code => (CONTENT_CODES.includes(code) ? code : 'response-content-aborted')
