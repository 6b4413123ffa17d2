/**
 * What many processes ask of one Redis, and are told by it, counted with the code that runs in them: the cache of
 * sessions and the channel. Redis, time and people are made up: a store that counts, a clock that is moved, people who
 * ask evenly. No figure here is a time.
 */
import { sessionCache } from '../../src/session/session-cache.ts'
import { Changes } from '../../src/store/changes.ts'
import { RedisChanges } from '../../src/store/redis-changes.ts'

export interface Company {
  readonly people: number
  readonly instances: number
  readonly workersEach: number
  /** Of each person. */
  readonly requestsPerSecond: number
  /** Workers that one person meets: as many as connections are kept, at most; a balancer may send to any. */
  readonly workersPerPerson: number
}

export interface Counted {
  readonly requestsPerSecond: number
  /** Commands of Redis per request: sessions read, and their last use noted. */
  readonly commandsPerRequest: number
  /** What Redis tells processes of sessions that changed, and heartbeats that it passes on. */
  readonly invalidationsPerSecond: number
  readonly heartbeatsPerSecond: number
  /** Sessions that the fullest worker keeps. */
  readonly keptByWorker: number
}

/** As configured by default; `lastsMs` and what is noted of a use follow from these. */
const TIMES = { idleTimeoutSeconds: 7200, cacheMs: 1000, maxCached: 100_000 }
const NOTED_EVERY_MS = (TIMES.idleTimeoutSeconds * 1000) / 20
/** Redis is asked for what it told, twice in `cacheMs`. */
const STEP_MS = 500

/** Counts over `seconds`, after as long a time that is not counted. */
export function simulate(company: Company, seconds: number): Counted {
  const { people, instances, workersEach, requestsPerSecond, workersPerPerson } = company
  const workers = instances * workersEach
  let nowMs = 0
  const counts = { requests: 0, reads: 0, notes: 0, heartbeats: 0 }
  const lastNotedMs = new Float64Array(people)
  const record = (id: string) => ({ record: { key: id, account: id, lastSeenAtMs: 0 }, lastSeenAtMs: 0 }) as never
  const processes = Array.from({ length: workers }, () => {
    const kept = new Set<string>()
    const read = (id: string) => {
      counts.reads++
      kept.add(id)
      return record(id)
    }
    const cache = sessionCache({ ...TIMES, knownUntilMs: () => nowMs }, read, () => nowMs)
    const channel = new RedisChanges(
      new Changes(),
      () => undefined,
      () => undefined,
    )
    return { cache, channel, kept }
  })
  const changed = new Set<string>()
  /** By a number that looks random, and is the same in each run. */
  let state = 1
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  /** One of those that the person meets; always the same ones. */
  const workerOf = (person: number) => {
    if (workersPerPerson >= workers) return random(workers)
    const mixed = Math.imul(person * 64 + random(workersPerPerson), 2_654_435_769) >>> 0
    return Math.floor((mixed / 2 ** 32) * workers)
  }
  const ask = (person: number) => {
    const id = String(person)
    void processes[workerOf(person)]?.cache.get(id, id)
    counts.requests++
    // By the record that each process has read: whoever is first, for the others are told.
    if (nowMs - (lastNotedMs[person] ?? 0) <= NOTED_EVERY_MS) return
    lastNotedMs[person] = nowMs
    counts.notes++
    changed.add(id)
  }
  const step = () => {
    nowMs += STEP_MS
    const asking = Math.round((people * requestsPerSecond * STEP_MS) / 1000)
    for (let request = 0; request < asking; request++) ask(random(people))
    if (changed.size > 0)
      for (const { cache, kept } of processes) {
        if (!changed.isDisjointFrom(kept)) cache.expireBy('key', changed)
      }
    changed.clear()
    if (nowMs % 1000 === 0) beat()
  }
  const beat = () => {
    const beats = processes.flatMap(({ channel }) => channel.heartbeat() ?? [])
    counts.heartbeats += beats.length * workers
    for (const { channel } of processes) for (const text of beats) channel.receive(text)
  }
  // Not all were noted at the same moment.
  for (let person = 0; person < people; person++) lastNotedMs[person] = -random(NOTED_EVERY_MS)
  const run = () => {
    for (let steps = 0; steps < (seconds * 1000) / STEP_MS; steps++) step()
  }
  run()
  Object.assign(counts, { requests: 0, reads: 0, notes: 0, heartbeats: 0 })
  run()
  return {
    requestsPerSecond: counts.requests / seconds,
    commandsPerRequest: (counts.reads + counts.notes) / counts.requests,
    // Redis tells every process of every change: it does not know who has read what.
    invalidationsPerSecond: (counts.notes * workers) / seconds,
    heartbeatsPerSecond: counts.heartbeats / seconds,
    keptByWorker: Math.max(...processes.map(({ kept }) => kept.size)),
  }
}
