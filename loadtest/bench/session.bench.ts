/** What does it cost to find a session: in the cache, in the store behind it, and where there is none? */
import { bench, do_not_optimize, group } from 'mitata'
import { newOpaqueId } from '../../src/session/opaque-id.ts'
import { createPolicyUnderTest } from './policy-parts.ts'

const { sessions, uncachedSessions, sessionId, close } = await createPolicyUnderTest()
export const undo = close

const unknownId = newOpaqueId()
if ((await sessions.find(sessionId)) === undefined) throw new Error('the session is not there')

group('session', () => {
  bench('in the cache', () => do_not_optimize(sessions.find(sessionId)))
  bench('in the store', () => do_not_optimize(uncachedSessions.find(sessionId)))
  bench('nowhere', () => do_not_optimize(sessions.find(unknownId)))
})
