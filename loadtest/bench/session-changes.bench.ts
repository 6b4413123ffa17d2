/** What does a process do when it is told that a session has changed, the more sessions it keeps? */
import { bench, group } from 'mitata'
import { hearChange, type Session, sessionCache } from '../../src/session/session-cache.ts'
import type { SessionRecord } from '../../src/session/session-store.ts'

const ACCOUNTS_PER_SESSION = 0.5

function filled(sessions: number) {
  const read = (id: string): Session => {
    const account = `account ${Math.floor(Number(id) * ACCOUNTS_PER_SESSION)}`
    return { record: { key: `key ${id}`, account } as SessionRecord, lastSeenAtMs: 0 }
  }
  const times = { cacheMs: 1000, maxCached: sessions, idleTimeoutSeconds: 7200 }
  const cache = sessionCache(times, read, () => 0)
  for (let session = 0; session < sessions; session++) cache.get(String(session), String(session))
  return cache
}

group('session-changes', () => {
  for (const sessions of [1000, 100_000]) {
    const cache = filled(sessions)
    let next = 0
    bench(`one of ${sessions} ends, and is read again when it is asked for`, () => {
      const id = String(next++ % sessions)
      hearChange(cache, { kind: 'session', key: `key ${id}` })
      cache.get(id, id)
    })
    bench(`an account of ${sessions} sessions ends`, () => {
      const id = next++ % sessions
      hearChange(cache, { kind: 'account', account: `account ${Math.floor(id * ACCOUNTS_PER_SESSION)}` })
      for (const session of [id, id ^ 1]) cache.get(String(session), String(session))
    })
  }
})
