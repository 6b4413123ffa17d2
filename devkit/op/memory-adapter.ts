import type { Adapter, AdapterPayload } from 'oidc-provider'

/** Far more than any test or demo holds at once; beyond it the oldest entry goes. */
const maxEntries = 20_000

type Entry = { readonly payload: AdapterPayload; readonly expiresAtMs: number }

/**
 * Storage for sessions, grants and tokens of the OP, in memory and bounded. All models share one map in insertion
 * order, so that its first key is always the one to drop.
 */
export function createMemoryAdapter(now: () => number = Date.now): (model: string) => Adapter {
  const entries = new Map<string, Entry>()

  function read(key: string): AdapterPayload | undefined {
    const entry = entries.get(key)
    if (entry === undefined) return undefined
    if (entry.expiresAtMs > now()) return entry.payload
    entries.delete(key)
    return undefined
  }

  function write(key: string, entry: Entry): void {
    entries.delete(key)
    entries.set(key, entry)
    const oldest = entries.keys().next()
    if (entries.size > maxEntries && !oldest.done) entries.delete(oldest.value)
  }

  function findWhere(prefix: string, matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    for (const key of entries.keys()) {
      const payload = key.startsWith(prefix) ? read(key) : undefined
      if (payload !== undefined && matches(payload)) return payload
    }
    return undefined
  }

  return model => {
    const keyOf = (id: string) => `${model}:${id}`
    return {
      async upsert(id, payload, expiresInS) {
        write(keyOf(id), { payload, expiresAtMs: expiresInS === undefined ? Infinity : now() + expiresInS * 1000 })
      },
      find: async id => read(keyOf(id)),
      findByUid: async uid => findWhere(`${model}:`, payload => payload.uid === uid),
      findByUserCode: async userCode => findWhere(`${model}:`, payload => payload.userCode === userCode),
      async consume(id) {
        const payload = read(keyOf(id))
        if (payload !== undefined) payload.consumed = Math.floor(now() / 1000)
      },
      async destroy(id) {
        entries.delete(keyOf(id))
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) if (payload.grantId === grantId) entries.delete(key)
      },
    }
  }
}
